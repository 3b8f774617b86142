//! Zips that differ only where their files do: no clock, no owner, one order, one way to compress.

use std::io::{Cursor, Read as _, Write as _};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// A file of a zip.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
    /// Whether Lambda runs it.
    pub(super) is_program: bool,
}

/// A file that was read from a zip.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) is_program: bool,
}

pub(super) fn write(files: &[File<'_>]) -> ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            // The earliest that a zip can say: 1980-01-01.
            .last_modified_time(DateTime::default())
            .unix_permissions(if file.is_program { 0o755 } else { 0o644 });
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
        let is_program = file.unix_mode().is_some_and(|mode| mode & 0o555 == 0o555);
        entries.push(Entry { name: file.name()?.into_owned(), bytes, is_program });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes_and_come_out_as_they_went_in() {
        let files = [
            File { name: "bootstrap", bytes: b"program", is_program: true },
            File { name: "manifest.json", bytes: b"{}", is_program: false },
        ];
        let zip = write(&files).expect("a zip");
        assert_eq!(zip, write(&files).expect("a zip"));
        let entries = read(&zip, 9).expect("a zip");
        for (entry, file) in entries.iter().zip(files) {
            assert_eq!((&*entry.name, &*entry.bytes, entry.is_program), (file.name, file.bytes, file.is_program));
        }
        assert!(read(&zip, 8).expect_err("a byte too many").to_string().contains("more than 8 bytes"));
    }
}
