use crate::{Error, Result};
use bytes::Bytes;
use domain::ids::{FileId, ProgramId};
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// A file's content, piece by piece.
pub type Contents = BoxStream<'static, object_store::Result<Bytes>>;

/// Where the bytes of files lie: a folder, or a bucket.
#[derive(Clone, Debug)]
pub struct Store {
    store: Arc<dyn ObjectStore>,
    below: Path,
}

impl Store {
    /// A local folder, which is made where it is missing.
    ///
    /// # Errors
    /// `Internal` where it can't be made.
    pub fn folder(folder: &std::path::Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .map_err(|error| Error::internal(format!("can't make {}: {error}", folder.display())))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::internal)?;
        Ok(Self { store: Arc::new(store), below: Path::default() })
    }

    /// By an address: `s3://bucket/folder` with the `AWS_…` variables of the environment, or `file:///folder`.
    ///
    /// # Errors
    /// `Internal` where the address or a setting is wrong.
    pub fn open(address: &str, settings: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let address: url::Url = address.parse().map_err(|error| Error::internal(format!("FILES_URL: {error}")))?;
        if address.scheme() == "file" {
            let folder = address.to_file_path().map_err(|()| Error::internal("FILES_URL is no folder's address"))?;
            return Self::folder(&folder);
        }
        // A second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = settings.into_iter().filter(|(name, _)| name.starts_with("AWS_"));
        let settings = settings.map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (store, below) = object_store::parse_url_opts(&address, settings)
            .map_err(|error| Error::internal(format!("FILES_URL: {error}")))?;
        Ok(Self { store: store.into(), below })
    }

    /// In memory, for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self { store: Arc::new(InMemory::new()), below: Path::default() }
    }

    fn place(&self, program: ProgramId, id: FileId) -> Path {
        self.below.clone().join(program.to_string()).join(id.to_string())
    }

    pub(super) async fn put(&self, program: ProgramId, id: FileId, bytes: Vec<u8>) -> Result<()> {
        self.store.put(&self.place(program, id), bytes.into()).await.map(drop).map_err(Error::internal)
    }

    /// A file's content.
    ///
    /// # Errors
    /// `NotFound` where it is gone; `Internal` where the store does not answer.
    pub async fn read(&self, program: ProgramId, id: FileId) -> Result<Contents> {
        match self.store.get(&self.place(program, id)).await {
            Ok(found) => Ok(found.into_stream()),
            Err(object_store::Error::NotFound { .. }) => Err(Error::NotFound("file")),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Copies a file's content, also into another program; answers whether there was any.
    pub(super) async fn copy(&self, from: (ProgramId, FileId), to: (ProgramId, FileId)) -> Result<bool> {
        match self.store.copy(&self.place(from.0, from.1), &self.place(to.0, to.1)).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Deletes a file's content; one that is gone is as good.
    pub(super) async fn delete(&self, program: ProgramId, id: FileId) -> Result<()> {
        match self.store.delete(&self.place(program, id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::internal(error)),
        }
    }
}
