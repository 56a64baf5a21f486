//! A colour of the company's own as the accent: whether text in it can be read, and the pair for light and dark.

/// Light of each value of a channel, in 1/65535: the curve of sRGB, in whole numbers so that browser and server agree.
const LINEAR: [u32; 256] = [
    0, 20, 40, 60, 80, 99, 119, 139, 159, 179, 199, 219, 241, 264, 288, 313, 340, 367, 396, 427, 458, 491, 526, 562,
    599, 637, 677, 718, 761, 805, 851, 898, 947, 997, 1048, 1101, 1156, 1212, 1270, 1330, 1391, 1453, 1517, 1583, 1651,
    1720, 1790, 1863, 1937, 2013, 2090, 2170, 2250, 2333, 2418, 2504, 2592, 2681, 2773, 2866, 2961, 3058, 3157, 3258,
    3360, 3464, 3570, 3678, 3788, 3900, 4014, 4129, 4247, 4366, 4488, 4611, 4736, 4864, 4993, 5124, 5257, 5392, 5530,
    5669, 5810, 5953, 6099, 6246, 6395, 6547, 6700, 6856, 7014, 7174, 7335, 7500, 7666, 7834, 8004, 8177, 8352, 8528,
    8708, 8889, 9072, 9258, 9445, 9635, 9828, 10022, 10219, 10417, 10619, 10822, 11028, 11235, 11446, 11658, 11873,
    12090, 12309, 12530, 12754, 12980, 13209, 13440, 13673, 13909, 14146, 14387, 14629, 14874, 15122, 15371, 15623,
    15878, 16135, 16394, 16656, 16920, 17187, 17456, 17727, 18001, 18277, 18556, 18837, 19121, 19407, 19696, 19987,
    20281, 20577, 20876, 21177, 21481, 21787, 22096, 22407, 22721, 23038, 23357, 23678, 24002, 24329, 24658, 24990,
    25325, 25662, 26001, 26344, 26688, 27036, 27386, 27739, 28094, 28452, 28813, 29176, 29542, 29911, 30282, 30656,
    31033, 31412, 31794, 32179, 32567, 32957, 33350, 33745, 34143, 34544, 34948, 35355, 35764, 36176, 36591, 37008,
    37429, 37852, 38278, 38706, 39138, 39572, 40009, 40449, 40891, 41337, 41785, 42236, 42690, 43147, 43606, 44069,
    44534, 45002, 45473, 45947, 46423, 46903, 47385, 47871, 48359, 48850, 49344, 49841, 50341, 50844, 51349, 51858,
    52369, 52884, 53401, 53921, 54445, 54971, 55500, 56032, 56567, 57105, 57646, 58190, 58737, 59287, 59840, 60396,
    60955, 61517, 62082, 62650, 63221, 63795, 64372, 64952, 65535,
];

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// What text and ground must have at least, in hundredths: WCAG 2.2 AA.
pub const READABLE: u32 = 450;

const WHITE: Colour = Colour([255, 255, 255]);
const BLACK: Colour = Colour([0, 0, 0]);
/// The lightest ground of the dark scheme on which an accent stands.
const DARK: Colour = Colour([0x20, 0x26, 0x2a]);

impl Colour {
    /// Reads `#0b6e7f`; `None` where it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
        Some(Self([channel(0)?, channel(2)?, channel(4)?]))
    }

    /// How bright it is, from 0 to 65535.
    fn luminance(self) -> u32 {
        let [red, green, blue] = self.0.map(|channel| LINEAR[usize::from(channel)]);
        (2126 * red + 7152 * green + 722 * blue) / 10_000
    }

    /// The contrast with another, in hundredths: 100 to 2100.
    #[must_use]
    pub fn contrast(self, other: Self) -> u32 {
        // A twentieth of white is added to both, as the standard says.
        let (a, b) = (self.luminance() + 3_277, other.luminance() + 3_277);
        a.max(b) * 100 / a.min(b)
    }

    /// So many hundredths of the way to another.
    fn towards(self, other: Self, hundredths: u32) -> Self {
        let mut mixed = self.0;
        for (channel, to) in mixed.iter_mut().zip(other.0) {
            let value = (u32::from(*channel) * (100 - hundredths) + u32::from(to) * hundredths + 50) / 100;
            *channel = u8::try_from(value).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// The first on the way to another that can be read on a ground.
    fn readable_on(self, ground: Self, other: Self) -> Self {
        let steps = (0..=100).map(|hundredths| self.towards(other, hundredths));
        steps.into_iter().find(|colour| colour.contrast(ground) >= READABLE).unwrap_or(other)
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Checks a colour of the company's own: white on it, and it on white, can be read.
///
/// # Errors
/// What is wrong, in words for the person who chose it.
pub fn check_accent(text: &str) -> Result<(), String> {
    let colour = Colour::parse(text).ok_or("Type a colour such as #0b6e7f.")?;
    let contrast = colour.contrast(WHITE);
    if contrast >= READABLE {
        return Ok(());
    }
    let darker = colour.readable_on(WHITE, BLACK);
    Err(format!(
        "White text on it could not be read: the contrast is {}.{:02} to 1, and must be 4.5. {darker} would do.",
        contrast / 100,
        contrast % 100
    ))
}

/// The tokens of the style sheet for an accent of the company's own; `None` where it is a named one.
#[must_use]
pub fn accent_style(accent: &str) -> Option<String> {
    let colour = Colour::parse(accent)?;
    let soft = colour.towards(WHITE, 92);
    let dark_soft = colour.towards(BLACK, 70);
    // As text it stands on its own soft ground too.
    let light = colour.readable_on(soft, BLACK);
    let dark = colour.readable_on(DARK, WHITE).readable_on(dark_soft, WHITE);
    let strong = (light.towards(BLACK, 18), dark.towards(WHITE, 30));
    let text = dark.towards(BLACK, 85).readable_on(dark, BLACK);
    Some(format!(
        "--accent:light-dark({light},{dark});--accent-strong:light-dark({},{});--accent-text:light-dark(#fff,{text});\
         --accent-soft:light-dark({soft},{dark_soft})",
        strong.0, strong.1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contrast_is_the_standard_s() {
        let of = |a: &str, b: &str| Colour::parse(a).expect("a").contrast(Colour::parse(b).expect("b"));
        assert_eq!(of("#000000", "#ffffff"), 2099);
        assert_eq!(of("#ffffff", "#ffffff"), 100);
        assert_eq!(of("#767676", "#ffffff"), 454);
        assert_eq!(of("#ff0000", "#ffffff"), 399);
    }

    #[test]
    fn a_colour_that_can_not_be_read_is_refused_with_one_that_can() {
        assert_eq!(check_accent("#0b6e7f"), Ok(()));
        assert!(check_accent("teal").is_err());
        assert!(check_accent("#12345").is_err());
        assert!(check_accent("#+12345").is_err());
        assert!(check_accent("#ééé").is_err());
        let words = check_accent("#ffcc00").expect_err("yellow");
        let instead = words.split("4.5. ").nth(1).and_then(|rest| rest.split(' ').next()).expect("another");
        assert_eq!(check_accent(instead), Ok(()), "{words}");
    }

    proptest! {
        #[test]
        fn every_pair_can_be_read(red: u8, green: u8, blue: u8) {
            let colour = Colour([red, green, blue]);
            prop_assert_eq!(Colour::parse(&colour.to_string()), Some(colour));
            prop_assume!(check_accent(&colour.to_string()).is_ok());
            let style = accent_style(&colour.to_string()).expect("style");
            let token = |name: &str| {
                let pair = style.split(&format!("{name}:light-dark(")).nth(1).and_then(|rest| rest.split(')').next());
                let (light, dark) = pair.and_then(|pair| pair.split_once(',')).expect("pair");
                let read = |text: &str| if text == "#fff" { WHITE } else { Colour::parse(text).expect("colour") };
                (read(light), read(dark))
            };
            let (accent, text, soft) = (token("--accent"), token("--accent-text"), token("--accent-soft"));
            for (a, b) in [
                (accent.0, text.0), (accent.1, text.1), (accent.0, soft.0), (accent.1, soft.1), (accent.0, WHITE),
                (accent.1, DARK),
            ] {
                prop_assert!(a.contrast(b) >= READABLE, "{a} on {b}: {}", a.contrast(b));
            }
        }
    }
}
