//! Zips that differ only where their files do: no clock, no owner, one order, one way to compress.

use std::io::{Cursor, Read as _, Write as _};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The mode of what Lambda runs.
pub(super) const PROGRAM: u32 = 0o755;
/// The mode of what it reads.
pub(super) const DATA: u32 = 0o644;

/// A file of a zip.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
    /// Who may do what with it, as Unix has it.
    pub(super) mode: u32,
}

/// A file that was read from a zip.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// As in [`File`]; 0 if the zip does not say.
    pub(super) mode: u32,
}

pub(super) fn write(files: &[File<'_>]) -> ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            // The earliest that a zip can say: 1980-01-01.
            .last_modified_time(DateTime::default())
            .unix_permissions(file.mode);
        zip.start_file(file.name, options)?;
        zip.write_all(file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Reads a zip whole; one that unzips to more than `limit` bytes is refused.
pub(super) fn read(zip: &[u8], limit: usize) -> ZipResult<Vec<Entry>> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let mut left = limit as u64;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let mut bytes = Vec::new();
        (&mut file).take(left + 1).read_to_end(&mut bytes)?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            std::io::Error::other(format!("it unzips to more than {limit} bytes, which Lambda does not take"))
        })?;
        let mode = file.unix_mode().unwrap_or(0) & 0o777;
        entries.push(Entry { name: file.name()?.into_owned(), bytes, mode });
    }
    Ok(entries)
}

/// Lambda's user is none of those that own the files: it may do what everybody may.
impl Entry {
    pub(super) const fn is_program(&self) -> bool {
        self.mode & 0o555 == 0o555
    }

    pub(super) const fn is_readable(&self) -> bool {
        self.mode & 0o444 == 0o444
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes_and_come_out_as_they_went_in() {
        let files = [
            File { name: "bootstrap", bytes: b"program", mode: PROGRAM },
            File { name: "manifest.json", bytes: b"{}", mode: DATA },
        ];
        let zip = write(&files).expect("a zip");
        assert_eq!(zip, write(&files).expect("a zip"));
        let entries = read(&zip, 9).expect("a zip");
        for (entry, file) in entries.iter().zip(files) {
            assert_eq!((&*entry.name, &*entry.bytes, entry.mode), (file.name, file.bytes, file.mode));
        }
        assert!(read(&zip, 8).expect_err("a byte too many").to_string().contains("more than 8 bytes"));
    }
}
