use super::*;
use crate::fixtures::{World, refused};
use chrono::Duration;
use domain::accounts::Role;
use futures_util::TryStreamExt;
use image::codecs::gif::{GifDecoder, GifEncoder};
use image::{AnimationDecoder, Frame, Rgba, RgbaImage};
use sqlx::PgPool;

/// A drawing of a size, as PNG.
fn drawn(width: u32, height: u32) -> Vec<u8> {
    draw_png(width, height, |x, y| [x.to_le_bytes()[0], y.to_le_bytes()[0], 0]).expect("drawn")
}

/// Two pictures, one after the other, as GIF.
fn moving(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for shade in [0, 200] {
        let picture = RgbaImage::from_pixel(side, side, Rgba([shade, 0, 0, 255]));
        encoder.encode_frame(Frame::new(picture)).expect("drawn");
    }
    drop(encoder);
    bytes
}

async fn keep_as(world: &World, store: &Store, actor: &Actor, purpose: FilePurpose, upload: Upload) -> Result<FileId> {
    keep(&world.pool, store, &world.moment(), actor, purpose, purpose != FilePurpose::Asset, upload).await
}

async fn read_all(store: &Store, program: ProgramId, id: FileId) -> Result<Vec<u8>> {
    let pieces: Vec<_> = store.read(program, id).await?.try_collect().await.expect("read");
    Ok(pieces.concat())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_image_is_written_anew_and_a_file_kept_as_it_is(pool: PgPool) {
    let world = World::new(pool).await;
    let store = Store::memory();
    let mut conn = world.pool.acquire().await.expect("connection");
    // Something hides behind the picture.
    let mut bytes = drawn(1_200, 300);
    bytes.extend_from_slice(b"<script>alert(1)</script>");
    let upload = Upload { name: "Spring sale.PNG".into(), bytes };
    let banner = keep_as(&world, &store, &world.owner(), FilePurpose::Asset, upload.clone()).await.expect("kept");
    let info = find(&mut conn, world.program, banner).await.expect("found");
    assert_eq!((info.name.as_str(), info.content_type.as_str()), ("Spring-sale.png", "image/png"));
    assert_eq!((info.width, info.height), (1_200, 300));
    let content = read_all(&store, world.program, banner).await.expect("content");
    assert_eq!(info.bytes, content.len() as i64);
    assert!(!content.windows(7).any(|part| part == b"<script"));
    let logo = keep_as(&world, &store, &world.owner(), FilePurpose::Logo, upload).await.expect("kept");
    let info = find(&mut conn, world.program, logo).await.expect("found");
    assert_eq!((info.name.as_str(), info.width, info.height), ("logo.png", 640, 160), "no larger than it is shown");
    let facts = Upload { name: "facts.pdf".into(), bytes: b"%PDF-1.7 facts".to_vec() };
    let id = keep_as(&world, &store, &world.owner(), FilePurpose::Asset, facts).await.expect("kept");
    assert_eq!(read_all(&store, world.program, id).await.expect("content"), b"%PDF-1.7 facts");
    let other = world.another("other").await;
    assert!(matches!(find(&mut conn, other.program, id).await, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_banner_may_move_and_is_written_anew(pool: PgPool) {
    let world = World::new(pool).await;
    let store = Store::memory();
    let mut bytes = moving(40);
    bytes.extend_from_slice(b"<script>alert(1)</script>");
    let upload = Upload { name: "Spring.gif".into(), bytes };
    let banner = keep_as(&world, &store, &world.owner(), FilePurpose::Asset, upload.clone()).await.expect("kept");
    let mut conn = world.pool.acquire().await.expect("connection");
    let info = find(&mut conn, world.program, banner).await.expect("found");
    let told = (info.name.as_str(), info.content_type.as_str(), info.width, info.height);
    assert_eq!(told, ("Spring.gif", "image/gif", 40, 40));
    let content = read_all(&store, world.program, banner).await.expect("content");
    assert!(!content.windows(7).any(|part| part == b"<script"));
    let pictures = GifDecoder::new(std::io::Cursor::new(content)).expect("a GIF").into_frames();
    let shades: Vec<u8> = pictures.map(|picture| picture.expect("a picture").buffer().get_pixel(0, 0)[0]).collect();
    assert_eq!(shades, [0, 200]);
    let words = refused(keep_as(&world, &store, &world.owner(), FilePurpose::Logo, upload).await);
    assert_eq!(words, "file: Choose a PNG, JPEG or WebP image.");
    let mut huge = moving(1);
    // A header that promises 60,000 pixels a side.
    huge[6..8].copy_from_slice(&60_000_u16.to_le_bytes());
    huge[8..10].copy_from_slice(&60_000_u16.to_le_bytes());
    let upload = Upload { name: "x.gif".into(), bytes: huge };
    let words = refused(keep_as(&world, &store, &world.owner(), FilePurpose::Asset, upload).await);
    assert!(words.contains("24 megapixels"), "{words}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_no_image_or_too_large_is_refused(pool: PgPool) {
    let world = World::new(pool).await;
    let store = Store::memory();
    // A header that promises 60,000 pixels a side.
    let mut bomb = drawn(1, 1);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut damaged = drawn(200, 200);
    damaged.truncate(200);
    for (name, bytes) in [
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("x.png", Vec::new()),
        ("x.png", bomb),
        ("x.png", damaged),
        ("x.png", vec![0; domain::files::MOST_IMAGE + 1]),
        ("x.html", b"<html>".to_vec()),
        ("x.pdf", vec![0; MOST_FILE + 1]),
    ] {
        let upload = Upload { name: name.into(), bytes };
        let words = refused(keep_as(&world, &store, &world.owner(), FilePurpose::Asset, upload).await);
        assert!(words.starts_with("file: "), "{name}: {words}");
    }
    for (name, told) in [("facts.txt", "file: This file is empty. Choose another."), ("", "file: Choose a file.")] {
        let upload = Upload { name: name.into(), bytes: Vec::new() };
        let words = refused(keep_as(&world, &store, &world.owner(), FilePurpose::Asset, upload).await);
        assert_eq!(words, told);
    }
    let rows: i64 = world.get("select count(*) from files where program_id = $1").await;
    assert_eq!(rows, 0, "nothing half done");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_may_upload_what(pool: PgPool) {
    let world = World::new(pool).await;
    let store = Store::memory();
    let (ada, ann) = (world.partner("ada").await, world.partner("ann").await);
    let as_ada = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    let upload = Upload { name: "me.png".into(), bytes: drawn(20, 20) };
    for purpose in [FilePurpose::Asset, FilePurpose::Logo, FilePurpose::Favicon] {
        for actor in [&as_ada, &world.admin(Role::Viewer)] {
            let answer = keep_as(&world, &store, actor, purpose, upload.clone()).await;
            assert!(matches!(answer, Err(Error::Forbidden)), "{purpose}");
        }
    }
    let photo = keep_as(&world, &store, &as_ada, FilePurpose::Photo, upload.clone()).await.expect("kept");
    let mut conn = world.pool.acquire().await.expect("connection");
    let moment = world.moment();
    let other = set_photo(&mut conn, &moment, &as_ada, ann.id, Some(photo)).await;
    assert!(matches!(other, Err(Error::NotFound(_))));
    set_photo(&mut conn, &moment, &as_ada, ada.id, Some(photo)).await.expect("set");
    let words = refused(set_logo(&mut conn, &moment, &world.owner(), Some(photo)).await);
    assert!(words.starts_with("file: "), "a photo is no logo: {words}");
    assert!(matches!(set_logo(&mut conn, &moment, &as_ada, None).await, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_nothing_uses_is_swept_after_a_day(pool: PgPool) {
    let mut world = World::new(pool).await;
    let store = Store::memory();
    let ada = world.partner("ada").await;
    let mut used = Vec::new();
    for purpose in [FilePurpose::Logo, FilePurpose::Favicon, FilePurpose::Asset] {
        let upload = Upload { name: "x.png".into(), bytes: drawn(20, 20) };
        used.push(keep_as(&world, &store, &world.owner(), purpose, upload).await.expect("kept"));
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    set_logo(&mut conn, &world.moment(), &world.owner(), Some(used[0])).await.expect("logo");
    set_favicon(&mut conn, &world.moment(), &world.owner(), Some(used[1])).await.expect("icon");
    let as_ada = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    let upload = Upload { name: "x.png".into(), bytes: drawn(20, 20) };
    let photo = keep_as(&world, &store, &as_ada, FilePurpose::Photo, upload).await.expect("kept");
    set_photo(&mut conn, &world.moment(), &as_ada, ada.id, Some(photo)).await.expect("photo");
    assert_eq!(sweep(&world.pool, &store, &world.moment()).await.expect("swept"), 0, "it may be used yet");
    world.at += Duration::hours(25);
    assert_eq!(sweep(&world.pool, &store, &world.moment()).await.expect("swept"), 1, "no asset has it");
    assert!(matches!(read_all(&store, world.program, used[2]).await, Err(Error::NotFound(_))));
    for id in [used[0], used[1], photo] {
        assert!(!read_all(&store, world.program, id).await.expect("there").is_empty());
    }
    set_photo(&mut conn, &world.moment(), &as_ada, ada.id, None).await.expect("taken away");
    assert_eq!(sweep(&world.pool, &store, &world.moment()).await.expect("swept"), 1);
    assert!(matches!(find(&mut conn, world.program, photo).await, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_photo_of_an_erased_partner_goes_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let store = Store::memory();
    let ada = world.partner("ada").await;
    let as_ada = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    let upload = Upload { name: "x.png".into(), bytes: drawn(20, 20) };
    let photo = keep_as(&world, &store, &as_ada, FilePurpose::Photo, upload).await.expect("kept");
    let mut tx = world.pool.begin().await.expect("begin");
    set_photo(&mut tx, &world.moment(), &as_ada, ada.id, Some(photo)).await.expect("photo");
    assert_eq!(find(&mut tx, world.program, photo).await.expect("found").purpose, FilePurpose::Photo);
    partners::erase(&mut tx, &world.moment(), &world.owner(), ada.id).await.expect("erased");
    tx.commit().await.expect("commit");
    let waits: i64 =
        sqlx::query_scalar("select count(*) from graphile_worker.jobs where task_identifier = 'sweep_files'")
            .fetch_one(&world.pool)
            .await
            .expect("jobs");
    assert_eq!(waits, 1);
    assert_eq!(sweep(&world.pool, &store, &world.moment()).await.expect("swept"), 1);
    assert!(matches!(read_all(&store, world.program, photo).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_folder_keeps_what_it_is_given() {
    let folder = std::env::temp_dir().join(format!("files-{}", Moment::now().token()));
    let store = Store::folder(&folder).expect("folder");
    let (program, id) = (Moment::now().id(), Moment::now().id());
    store.put(program, id, b"facts".to_vec()).await.expect("put");
    assert_eq!(read_all(&store, program, id).await.expect("read"), b"facts");
    store.delete(program, id).await.expect("deleted");
    store.delete(program, id).await.expect("deleted already");
    assert!(matches!(read_all(&store, program, id).await, Err(Error::NotFound(_))));
    std::fs::remove_dir_all(folder).expect("removed");
    assert!(Store::open("s3://bucket/files", [("AWS_REGION".to_owned(), "eu-central-1".to_owned())]).is_ok());
    assert!(Store::open("gopher://x", []).is_err());
}
