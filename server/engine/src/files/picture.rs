use crate::{Error, Result};
use domain::files::{FilePurpose, MOST_IMAGE, MOST_PIXELS, MOST_SIDE};
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::metadata::LoopCount;
use image::{
    AnimationDecoder, DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Luma, Rgb, RgbImage,
};
use std::io::Cursor;
use tokio::sync::Semaphore;

/// How many images are worked on at once: each may take a hundred megabytes.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// The quality of JPEG images, of 100.
const QUALITY: u8 = 88;

/// How fast the colours of a GIF are chosen, 1 to 30: the slower the finer.
const GIF_SPEED: i32 = 10;

const NO_IMAGE: &str = "Choose a PNG, JPEG or WebP image.";
const NO_BANNER: &str = "Choose a PNG, JPEG, WebP or GIF image.";
const BROKEN: &str = "This image is damaged. Choose another.";

/// An image that was written anew.
#[derive(Debug)]
pub(super) struct Image {
    pub bytes: Vec<u8>,
    pub ending: &'static str,
    pub content_type: &'static str,
    pub width: u32,
    pub height: u32,
}

/// The longest side that an image of a purpose keeps.
fn longest(purpose: FilePurpose) -> u32 {
    match purpose {
        FilePurpose::Asset | FilePurpose::Lead | FilePurpose::Sale | FilePurpose::Message => MOST_SIDE,
        FilePurpose::Logo => 640,
        FilePurpose::Favicon => 256,
        FilePurpose::Photo => 512,
    }
}

/// Decodes a PNG, JPEG or WebP image and encodes it anew: upright, no larger than its purpose asks for, and without
/// whatever else was in the file. An animation becomes its first picture, but for the GIF of an asset.
pub(super) async fn rewritten(bytes: Vec<u8>, purpose: FilePurpose) -> Result<Image> {
    let refused = |words: &str| Error::field("file", words);
    if bytes.len() > MOST_IMAGE {
        return Err(refused("Choose an image of at most 5 MB."));
    }
    let _turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    let work = tokio::task::spawn_blocking(move || rewrite(&bytes, purpose));
    work.await.map_err(Error::internal)?.map_err(refused)
}

fn rewrite(bytes: &[u8], purpose: FilePurpose) -> std::result::Result<Image, &'static str> {
    let moves = purpose == FilePurpose::Asset;
    let none = if moves { NO_BANNER } else { NO_IMAGE };
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| none)?;
    let format = reader.format().ok_or(none)?;
    if moves && format == ImageFormat::Gif {
        return rewrite_gif(bytes);
    }
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(none);
    }
    let mut decoder = reader.into_decoder().map_err(|_| none)?;
    limit(&mut decoder)?;
    let upright = decoder.orientation();
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| BROKEN)?;
    if let Ok(upright) = upright {
        image.apply_orientation(upright);
    }
    let side = longest(purpose);
    if image.width() > side || image.height() > side {
        image = image.resize(side, side, FilterType::Lanczos3);
    }
    encode(&image, format).map_err(|_| BROKEN)
}

/// Refuses an image that is too large to be decoded.
fn limit(decoder: &mut impl ImageDecoder) -> std::result::Result<(), &'static str> {
    let (width, height) = decoder.dimensions();
    if width > MOST_SIDE || height > MOST_SIDE || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err("Choose an image of at most 24 megapixels, and 6000 pixels a side.");
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(256 * 1024 * 1024);
    decoder.set_limits(limits).map_err(|_| BROKEN)
}

/// Decodes a GIF picture by picture, and encodes it anew at the same pace. All of them together are held to what one image
/// is.
fn rewrite_gif(bytes: &[u8]) -> std::result::Result<Image, &'static str> {
    let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(|_| BROKEN)?;
    limit(&mut decoder)?;
    let (width, height) = decoder.dimensions();
    let each = u64::from(width) * u64::from(height);
    let repeat = match decoder.loop_count() {
        LoopCount::Infinite => Repeat::Infinite,
        LoopCount::Finite(times) => Repeat::Finite(u16::try_from(times.get()).unwrap_or(u16::MAX)),
    };
    let mut written = Vec::new();
    let mut pixels = 0;
    let mut encoder = GifEncoder::new_with_speed(&mut written, GIF_SPEED);
    encoder.set_repeat(repeat).map_err(|_| BROKEN)?;
    for picture in decoder.into_frames() {
        pixels += each;
        if pixels > MOST_PIXELS {
            return Err("Choose an animation of fewer or smaller pictures: 24 megapixels in all.");
        }
        encoder.encode_frame(picture.map_err(|_| BROKEN)?).map_err(|_| BROKEN)?;
    }
    // It ends the file.
    drop(encoder);
    if pixels == 0 {
        return Err(BROKEN);
    }
    if written.len() > MOST_IMAGE {
        return Err("Choose an animation of fewer or smaller pictures: it comes to more than 5 MB.");
    }
    Ok(Image { bytes: written, ending: "gif", content_type: "image/gif", width, height })
}

/// What can be seen through stays so; WebP is written without loss, which suits drawings and not photos.
fn encode(image: &DynamicImage, format: ImageFormat) -> image::ImageResult<Image> {
    let mut bytes = Vec::new();
    let clear = image.color().has_alpha();
    let (ending, content_type) = match format {
        ImageFormat::Jpeg => ("jpg", "image/jpeg"),
        ImageFormat::WebP if !clear => ("jpg", "image/jpeg"),
        ImageFormat::WebP => ("webp", "image/webp"),
        _ => ("png", "image/png"),
    };
    match ending {
        "jpg" => image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?,
        "webp" => image.to_rgba8().write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?,
        _ if clear => image.to_rgba8().write_with_encoder(PngEncoder::new(&mut bytes))?,
        _ => image.to_rgb8().write_with_encoder(PngEncoder::new(&mut bytes))?,
    }
    Ok(Image { bytes, ending, content_type, width: image.width(), height: image.height() })
}

/// A picture of dark and light squares as PNG, each so many pixels wide.
pub(crate) fn scaled_png(side: u32, scale: u32, dark: impl Fn(u32, u32) -> bool) -> Result<Vec<u8>> {
    let picture =
        GrayImage::from_fn(side * scale, side * scale, |x, y| Luma([if dark(x / scale, y / scale) { 0 } else { 255 }]));
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(Error::internal)?;
    Ok(bytes)
}

/// A drawing as PNG, by the colour of each pixel.
///
/// # Errors
/// `Internal` where it can't be encoded.
pub fn draw_png(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Result<Vec<u8>> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb(colour(x, y)));
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(Error::internal)?;
    Ok(bytes)
}
