//! The HTML of a lead form for visitors: complete without a script, on our own page and on others'.

use super::{TRAP, VERSION};
use crate::countries;
use crate::leads::answers::{BETWEEN, Sent};
use crate::leads::form::{EMAIL, FieldKind, LINE, LONG, LeadField, LeadForm, NAME, NameField};
use crate::money::Currency;
use crate::text::FieldError;
use rust_decimal::Decimal;
use std::fmt::Write;

/// A text as it stands in HTML, also within quotes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The fields of a form with what was typed and what is wrong with it, and the ones that people don't see.
#[must_use]
pub fn fields(form: &LeadForm, version: i32, currency: Currency, typed: &Sent, wrong: &[FieldError]) -> String {
    let mut page = Page { html: String::new(), currency, typed, wrong };
    let own = |key: &str, label: &str, kind: FieldKind, required: bool| LeadField {
        key: key.to_owned(),
        label: label.to_owned(),
        kind,
        help: String::new(),
        required,
        min: None,
        max: (key == NAME).then(|| Decimal::from(200)),
        options: Vec::new(),
        value: String::new(),
    };
    if form.name != NameField::Off {
        page.input(&own(NAME, "Name", FieldKind::Text, form.name == NameField::Required), "name");
    }
    page.input(&own(EMAIL, "E-mail", FieldKind::Email, true), "email");
    for field in &form.fields {
        page.field(field);
    }
    let mut html = page.html;
    let _ = write!(
        html,
        "<input type=\"hidden\" name=\"{VERSION}\" value=\"{version}\">\n\
         <div hidden><label>Leave this empty <input name=\"{TRAP}\" tabindex=\"-1\" autocomplete=\"off\"></label></div>\n"
    );
    html
}

/// A whole form, for a page of somebody else's.
#[must_use]
pub fn plain(form: &LeadForm, version: i32, currency: Currency, action: &str) -> String {
    let fields = fields(form, version, currency, &Sent::new(), &[]);
    format!(
        "<form method=\"post\" action=\"{}\">\n{fields}<button type=\"submit\">Send</button>\n</form>\n",
        escaped(action)
    )
}

/// A frame that shows a form's page.
#[must_use]
pub fn frame(address: &str, title: &str) -> String {
    format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"100%\" height=\"720\" loading=\"lazy\"></iframe>\n",
        escaped(&embedded(address)),
        escaped(title)
    )
}

/// The address of a form's page without what stands around it.
#[must_use]
pub fn embedded(address: &str) -> String {
    format!("{address}?embed=1")
}

struct Page<'a> {
    html: String,
    currency: Currency,
    typed: &'a Sent,
    wrong: &'a [FieldError],
}

impl Page<'_> {
    fn add(&mut self, html: &str) {
        self.html.push_str(html);
        self.html.push('\n');
    }

    fn typed(&self, key: &str) -> &str {
        self.typed.get(key).map_or("", String::as_str)
    }

    fn wrong(&self, key: &str) -> Option<&str> {
        self.wrong.iter().find(|error| error.field == key).map(|error| error.message.as_str())
    }

    fn field(&mut self, field: &LeadField) {
        match field.kind {
            FieldKind::Text
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Number
            | FieldKind::Money
            | FieldKind::Date
            | FieldKind::Url => self.input(field, "off"),
            FieldKind::Long => self.lines(field),
            FieldKind::Choice => {
                let options: Vec<_> = field.options.iter().map(|option| (option.clone(), option.clone())).collect();
                self.select(field, "Choose one", &options);
            }
            FieldKind::YesNo => {
                self.select(field, "Choose one", &["Yes", "No"].map(|word| (word.to_owned(), word.to_owned())));
            }
            FieldKind::Country => {
                let all = countries::all().into_iter().map(|(code, name)| (code.to_owned(), name.to_owned()));
                self.select(field, "Choose a country", &all.collect::<Vec<_>>());
            }
            FieldKind::Choices => self.several(field),
            FieldKind::Consent => self.consent(field),
            // Nobody types it, and it is not told.
            FieldKind::Hidden => {}
        }
    }

    /// The label, and that the field may stay empty.
    fn label(field: &LeadField) -> String {
        let optional = if field.required { "" } else { " <span class=\"optional\">optional</span>" };
        format!("{}{optional}", escaped(&field.label))
    }

    /// What describes an input: its help and what is wrong; and the attributes that say so.
    fn below(&self, field: &LeadField) -> (String, String) {
        let key = &field.key;
        let mut told = Vec::new();
        let mut ids = Vec::new();
        let help = help(field, self.currency);
        if !help.is_empty() {
            told.push(format!("<p class=\"help\" id=\"lead-{key}-help\">{}</p>\n", escaped(&help)));
            ids.push(format!("lead-{key}-help"));
        }
        let wrong = self.wrong(key);
        if let Some(words) = wrong {
            told.push(format!("<p class=\"error\" id=\"lead-{key}-error\">{}</p>\n", escaped(words)));
            ids.push(format!("lead-{key}-error"));
        }
        let mut attributes = String::new();
        if !ids.is_empty() {
            let _ = write!(attributes, " aria-describedby=\"{}\"", ids.join(" "));
        }
        if wrong.is_some() {
            attributes.push_str(" aria-invalid=\"true\"");
        }
        if field.required {
            attributes.push_str(" required");
        }
        (told.concat(), attributes)
    }

    fn input(&mut self, field: &LeadField, autocomplete: &str) {
        let key = &field.key;
        let (kind, mode) = match field.kind {
            FieldKind::Email => ("email", ""),
            FieldKind::Phone => ("tel", ""),
            FieldKind::Number | FieldKind::Money => ("text", " inputmode=\"decimal\""),
            FieldKind::Date => ("date", ""),
            FieldKind::Url => ("text", " inputmode=\"url\""),
            _ => ("text", ""),
        };
        let (below, attributes) = self.below(field);
        let longest = match field.kind {
            FieldKind::Text => field.max.unwrap_or(LINE.into()).normalize().to_string(),
            FieldKind::Url => "2000".to_owned(),
            _ => LINE.to_string(),
        };
        let longest = if kind == "date" { String::new() } else { format!(" maxlength=\"{longest}\"") };
        let html = format!(
            "<div class=\"field\"><label for=\"lead-{key}\">{}</label>\n\
             <input class=\"input\" id=\"lead-{key}\" name=\"{key}\" type=\"{kind}\"{mode}{longest} \
             autocomplete=\"{autocomplete}\" value=\"{}\"{attributes}>\n{below}</div>",
            Self::label(field),
            escaped(self.typed(key))
        );
        self.add(&html);
    }

    fn lines(&mut self, field: &LeadField) {
        let key = &field.key;
        let (below, attributes) = self.below(field);
        let longest = field.max.unwrap_or(LONG.into()).normalize();
        // A line break right after the tag would be passed over.
        let html = format!(
            "<div class=\"field\"><label for=\"lead-{key}\">{}</label>\n\
             <textarea class=\"input\" id=\"lead-{key}\" name=\"{key}\" rows=\"5\" maxlength=\"{longest}\"{attributes}>\n{}</textarea>\n\
             {below}</div>",
            Self::label(field),
            escaped(self.typed(key))
        );
        self.add(&html);
    }

    fn select(&mut self, field: &LeadField, first: &str, options: &[(String, String)]) {
        let key = &field.key;
        let (below, attributes) = self.below(field);
        let typed = self.typed(key).to_owned();
        let mut list = format!("<option value=\"\">{first}</option>\n");
        for (value, label) in options {
            let selected = if *value == typed { " selected" } else { "" };
            let _ = writeln!(list, "<option value=\"{}\"{selected}>{}</option>", escaped(value), escaped(label));
        }
        let html = format!(
            "<div class=\"field\"><label for=\"lead-{key}\">{}</label>\n\
             <select class=\"input\" id=\"lead-{key}\" name=\"{key}\"{attributes}>\n{list}</select>\n{below}</div>",
            Self::label(field)
        );
        self.add(&html);
    }

    fn several(&mut self, field: &LeadField) {
        let key = &field.key;
        // Browsers have no word for "one of these at least".
        let (below, attributes) = self.below(&LeadField { required: false, ..field.clone() });
        let attributes = attributes.replace(" aria-invalid=\"true\"", "");
        let chosen: Vec<String> = self.typed(key).split(BETWEEN).map(str::to_owned).collect();
        let mut boxes = String::new();
        for (at, option) in field.options.iter().enumerate() {
            let checked = if chosen.contains(option) { " checked" } else { "" };
            let option = escaped(option);
            let _ = writeln!(
                boxes,
                "<div class=\"tick\"><input class=\"checkbox\" type=\"checkbox\" id=\"lead-{key}-{at}\" name=\"{key}\" \
                 value=\"{option}\"{checked}><label for=\"lead-{key}-{at}\">{option}</label></div>"
            );
        }
        let html = format!(
            "<fieldset class=\"field\"{attributes}><legend>{}</legend>\n{boxes}{below}</fieldset>",
            Self::label(field)
        );
        self.add(&html);
    }

    fn consent(&mut self, field: &LeadField) {
        let key = &field.key;
        let text = LeadField { help: field.value.clone(), ..field.clone() };
        let (below, attributes) = self.below(&text);
        let checked = if self.typed(key).is_empty() { "" } else { " checked" };
        let html = format!(
            "<div class=\"field\"><div class=\"tick\"><input class=\"checkbox\" type=\"checkbox\" id=\"lead-{key}\" \
             name=\"{key}\" value=\"Yes\"{checked}{attributes}><label for=\"lead-{key}\">{}</label></div>\n{below}</div>",
            Self::label(field)
        );
        self.add(&html);
    }
}

/// The help of a field, with its currency, and its limits in words.
fn help(field: &LeadField, currency: Currency) -> String {
    let money = if field.kind == FieldKind::Money { format!("In {currency}.") } else { String::new() };
    // Nobody writes a name that is too long.
    let limits = if field.key == NAME { field.help.clone() } else { field.help_with_limits(currency) };
    [limits, money].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
