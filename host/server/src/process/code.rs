//! The code of a function, as a zip.

use std::io::{self, Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use zip::ZipArchive;
use zip::result::ZipError;

/// The most that a zip may unpack to, in bytes: Lambda's 250 MiB.
pub const MAX_UNZIPPED: u64 = 250 * 1024 * 1024;

/// The longest target of a symbolic link, in bytes: Linux's `PATH_MAX`.
const MAX_LINK: u64 = 4096;

/// Permissions of a file whose zip says nothing of them.
const DEFAULT_MODE: u32 = 0o644;

/// Why a zip was not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It is no zip, or is damaged.
    #[error("the zip cannot be read: {0}")]
    Zip(#[from] ZipError),
    /// An entry would lie outside of the directory, or points there.
    #[error("entry `{name}` of the zip leads out of the function's directory{}", to(.target.as_deref()))]
    Outside {
        /// The entry's name.
        name: String,
        /// Where it points, if it is a symbolic link.
        target: Option<String>,
    },
    /// It is larger than Lambda allows.
    #[error("the zip unpacks to more than {limit} bytes, at entry `{name}`")]
    TooLarge {
        /// The entry that is one too many.
        name: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An entry could not be read or written.
    #[error("entry `{name}` of the zip: {source}")]
    Entry {
        /// The entry's name.
        name: String,
        /// What happened.
        source: io::Error,
    },
    /// The directory could not be made.
    #[error("{}: {source}", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What happened.
        source: io::Error,
    },
}

/// Unpacks a zip into `directory`, which is made if it is missing. Permissions and symbolic links
/// are kept, as Lambda keeps them: a `bootstrap` that may not be executed cannot be started.
///
/// # Errors
///
/// The zip is refused if it is damaged, larger than [`MAX_UNZIPPED`], has two entries for one file,
/// or an entry that leads out of the directory. What has been unpacked until then stays there.
pub fn unzip(zip: &[u8], directory: &Path) -> Result<(), CodeError> {
    unzip_bounded(zip, directory, MAX_UNZIPPED)
}

/// [`unzip`], with a limit in bytes of the caller's own.
///
/// # Errors
///
/// As [`unzip`].
pub fn unzip_bounded(zip: &[u8], directory: &Path, limit: u64) -> Result<(), CodeError> {
    let in_directory = |source| CodeError::Directory { directory: directory.to_owned(), source };
    std::fs::create_dir_all(directory).map_err(in_directory)?;
    // No path leaves it from here on, not even through a link that the zip itself has made.
    let root = Dir::open_ambient_dir(directory, ambient_authority()).map_err(in_directory)?;
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let mut left = limit;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        let path = Path::new(&name);
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(CodeError::Outside { name, target: None });
        }
        let in_entry = |source| CodeError::Entry { name: name.clone(), source };
        if entry.is_dir() {
            root.create_dir_all(path).map_err(in_entry)?;
            continue;
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            root.create_dir_all(parent).map_err(in_entry)?;
        }
        if entry.is_symlink() {
            let mut target = String::new();
            entry.take(MAX_LINK).read_to_string(&mut target).map_err(in_entry)?;
            if leaves(path, Path::new(&target)) {
                return Err(CodeError::Outside { name, target: Some(target) });
            }
            root.symlink(&target, path).map_err(in_entry)?;
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(DEFAULT_MODE) & 0o777;
        let mut file = root.open_with(path, OpenOptions::new().write(true).create_new(true)).map_err(in_entry)?;
        // One byte more than there is room for tells that there is not.
        let written = io::copy(&mut entry.by_ref().take(left.saturating_add(1)), &mut file).map_err(in_entry)?;
        left = left.checked_sub(written).ok_or_else(|| CodeError::TooLarge { name: name.clone(), limit })?;
        file.into_std().set_permissions(PermissionsExt::from_mode(mode)).map_err(in_entry)?;
    }
    Ok(())
}

/// Whether a link at `path` to `target` leads out of the directory that both are relative to.
fn leaves(path: &Path, target: &Path) -> bool {
    let normal = |path: &Path| path.components().filter(|part| matches!(part, Component::Normal(_))).count();
    let mut depth = normal(path).saturating_sub(1);
    target.components().any(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            false
        }
        Component::CurDir => false,
        Component::ParentDir if depth > 0 => {
            depth -= 1;
            false
        }
        _ => true,
    })
}

fn to(target: Option<&str>) -> String {
    target.map_or_else(String::new, |target| format!(": it is a link to `{target}`"))
}
