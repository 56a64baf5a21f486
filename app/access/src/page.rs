//! Pages, and the chunks of WebAssembly that they are fetched in.

use leptos::prelude::AnyView;
use leptos_router::{Lazy, LazyRoute};
use std::marker::PhantomData;

/// A page with an address of its own.
pub trait LazyPage: Sized {
    /// What it reads and sends.
    fn data() -> Self;

    /// What it shows.
    fn view(this: Self) -> AnyView;

    /// The page, made. Its data as well as its view belong to the chunk, so that the main module knows of neither.
    #[must_use]
    fn open() -> AnyView {
        Self::view(Self::data())
    }
}

/// A page that [`chunk!`](crate::chunk) has put into a chunk.
pub trait InChunk: LazyPage + Send + Sync + 'static {
    /// The chunk's name.
    const CHUNK: &str;

    /// Fetches the chunk.
    fn preload() -> impl Future<Output = ()> + Send;

    /// Opens the page with the chunk's code.
    fn open_in_chunk() -> impl Future<Output = AnyView> + Send;
}

/// What a route shows: the page, once its chunk is there.
#[must_use]
pub fn lazy<P: InChunk>() -> Lazy<InRoute<P>> {
    Lazy::new()
}

/// A page as the router wants it.
pub struct InRoute<P>(PhantomData<P>);

impl<P: InChunk> LazyRoute for InRoute<P> {
    fn data() -> Self {
        Self(PhantomData)
    }

    async fn view(_: Self) -> AnyView {
        #[cfg(feature = "ssr")]
        crate::preload::preload(P::CHUNK);
        P::open_in_chunk().await
    }

    async fn preload() {
        P::preload().await;
    }
}

/// Puts pages that are visited together into one chunk. One for each page would be hundreds: every set of pages that
/// share some code needs a further one for that code.
#[macro_export]
macro_rules! chunk {
    ($name:ident, $preload:ident: $($page:ty),+ $(,)?) => {
        #[::leptos::lazy]
        fn $name(page: &'static str) -> ::leptos::prelude::AnyView {
            match page {
                $(stringify!($page) => <$page as $crate::LazyPage>::open(),)+
                _ => ::leptos::prelude::IntoAny::into_any(()),
            }
        }

        $(impl $crate::InChunk for $page {
            const CHUNK: &str = stringify!($name);

            async fn preload() {
                #[cfg(target_arch = "wasm32")]
                $preload().await;
            }

            async fn open_in_chunk() -> ::leptos::prelude::AnyView {
                $name(stringify!($page)).await
            }
        })+
    };
}
