//! What the first program gives its partners to share.

use super::Options;
use super::scene::Scene;
use crate::assets::{self, Views};
use crate::files::{Upload, draw_png, keep};
use crate::{Moment, Result};
use chrono::Duration;
use domain::assets::{AssetInput, AssetKind};
use domain::files::FilePurpose;
use domain::ids::FileId;
use sqlx::PgPool;

const LETTER: &str = "Hi,

I have moved my projects to {{program.name}}, and it saves me an hour a day. You can try it here:

{{link}}

With the code {{promo.code}} you get {{promo.gives}}.

{{partner.name}}";
const POST: &str = "Two months with {{program.name}}: fewer meetings, more done. Have a look: {{link}}";
const POST_DE: &str = "Zwei Monate mit {{program.name}}: weniger Termine, mehr geschafft. {{link}}";
const PAGE: &str = "## How to recommend us

1. Say what you use {{program.name}} for, in your own words.
2. Show one thing that got easier.
3. End with your link: {{link}}

**Please don't** promise prices: they change.
";
const FACTS: &str = "Acme in short

Founded in 2019. A workspace for small teams: projects, notes and invoices in one place.
Plans: Solo, Team, Studio. Free for 14 days.
";

/// Banners in the usual sizes, words, a page and a file; and how often the banners were shown.
pub(super) async fn give(pool: &PgPool, options: &Options, scene: &Scene) -> Result<()> {
    let at = options.at - Duration::days(20);
    let mut seed = options.seed.wrapping_mul(31_337);
    let mut moment = || {
        seed += 1;
        Moment::seeded(at, seed)
    };
    let mut banners = Vec::new();
    for (name, width, height) in [("Rectangle", 300, 250), ("Leaderboard", 728, 90), ("Skyscraper", 160, 600)] {
        let bytes = draw_png(width, height, |x, y| wave(x, y, height))?;
        let file = upload(pool, options, scene, &moment(), &format!("{name}.png"), bytes).await?;
        let input = AssetInput { file: Some(file), ..input(AssetKind::Banner, name, "", "") };
        banners.push(make(pool, scene, &moment(), &input).await?);
    }
    let german = AssetInput { language: "de".into(), ..input(AssetKind::Social, "Post, German", "", POST_DE) };
    let english = AssetInput { language: "en".into(), ..input(AssetKind::Social, "Post", "", POST) };
    let letter = input(AssetKind::Email, "To your readers", "What I use every day: {{program.name}}", LETTER);
    for input in [letter, english, german, input(AssetKind::Page, "How to recommend us", "", PAGE)] {
        make(pool, scene, &moment(), &input).await?;
    }
    let file = upload(pool, options, scene, &moment(), "acme-in-short.txt", FACTS.as_bytes().to_vec()).await?;
    let facts = AssetInput { file: Some(file), ..input(AssetKind::File, "Acme in short", "", "") };
    make(pool, scene, &moment(), &facts).await?;
    let views = Views::default();
    for (place, partner) in scene.cast.iter().take(8).enumerate() {
        for day in 0..19_i64 {
            for (size, banner) in banners.iter().enumerate() {
                for _ in 0..(40 / (place + 1) / (size + 1)) {
                    views.count(scene.program, *banner, partner.id, (at + Duration::days(day)).date_naive());
                }
            }
        }
    }
    views.flush(pool).await
}

fn input(kind: AssetKind, name: &str, subject: &str, body: &str) -> AssetInput {
    AssetInput {
        kind,
        name: name.into(),
        language: String::new(),
        subject: subject.into(),
        body: body.into(),
        destination: String::new(),
        groups: Vec::new(),
        file: None,
    }
}

async fn upload(
    pool: &PgPool,
    options: &Options,
    scene: &Scene,
    moment: &Moment,
    name: &str,
    bytes: Vec<u8>,
) -> Result<FileId> {
    let upload = Upload { name: name.into(), bytes };
    keep(pool, &options.files, moment, &scene.owner, FilePurpose::Asset, false, upload).await
}

async fn make(pool: &PgPool, scene: &Scene, moment: &Moment, input: &AssetInput) -> Result<domain::ids::AssetId> {
    let mut tx = pool.begin().await?;
    let made = assets::create(&mut tx, moment, &scene.owner, input).await?;
    tx.commit().await?;
    Ok(made)
}

/// A light sea under a lighter sky.
fn wave(x: u32, y: u32, height: u32) -> [u8; 3] {
    // A zigzag without its corners.
    let at = x % 120;
    let up = if at < 60 { at } else { 120 - at };
    let crest = height / 2 + up * up / 180;
    let shade = u8::try_from(60 * y / height.max(1)).unwrap_or(60);
    if y < crest { [227 - shade / 4, 242 - shade / 6, 244 - shade / 8] } else { [76 - shade, 160 - shade, 180 - shade] }
}
