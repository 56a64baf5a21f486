//! XML as the JSON with the same names: elements are fields, one that comes again is a list. Nothing else of XML is read:
//! neither document types nor entities of their own nor attributes, and no deeper than a lead goes.

use crate::problem::Problem;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// A lead, its fields, and a field.
const DEEPEST: usize = 3;

/// An element that is being read.
struct Open {
    name: String,
    text: String,
    fields: Map<String, Value>,
}

impl Open {
    /// Elements hold either text or elements.
    fn closed(self) -> Result<Value, Problem> {
        match (self.fields.is_empty(), self.text.trim().is_empty()) {
            (true, true) if self.name == "fields" => Ok(Value::Object(self.fields)),
            (true, _) => Ok(Value::String(self.text.trim().to_owned())),
            (false, true) => Ok(Value::Object(self.fields)),
            (false, false) => Err(wrong(&format!("The element {} has text beside its elements", self.name))),
        }
    }
}

fn wrong(words: &str) -> Problem {
    Problem::bad_request(format!("The body is not XML that is read here: {words}."))
}

/// Reads the fields of the root element, whatever its name is.
///
/// # Errors
/// 400 where it isn't XML, or more of XML than is read; 422 for an attribute.
pub fn read(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    loop {
        match reader.read_event().map_err(|error| wrong(&error.to_string()))? {
            Event::Start(start) => open.push(opened(&start, &open, whole.is_some())?),
            Event::Empty(start) => {
                let element = opened(&start, &open, whole.is_some())?;
                close(element, &mut open, &mut whole)?;
            }
            Event::End(_) => {
                // The reader has checked that it is the one that was opened last.
                let element = open.pop().ok_or_else(|| wrong("an element ends that never began"))?;
                close(element, &mut open, &mut whole)?;
            }
            Event::Text(piece) => {
                let piece = piece.xml10_content().map_err(|error| wrong(&error.to_string()))?;
                add(&mut open, &piece)?;
            }
            Event::CData(piece) => {
                let piece = piece.xml10_content().map_err(|error| wrong(&error.to_string()))?;
                add(&mut open, &piece)?;
            }
            Event::GeneralRef(name) => {
                let letter = name.resolve_char_ref().map_err(|error| wrong(&error.to_string()))?;
                let name = name.decode().map_err(|error| wrong(&error.to_string()))?;
                match letter {
                    Some(letter) => add(&mut open, letter.encode_utf8(&mut [0; 4]))?,
                    None => {
                        let known = resolve_xml_entity(&name);
                        add(&mut open, known.ok_or_else(|| wrong("entities of its own are not read"))?)?;
                    }
                }
            }
            Event::Decl(declared) => {
                let other = |name: &[u8]| !name.eq_ignore_ascii_case(b"utf-8");
                if matches!(declared.encoding(), Some(Ok(name)) if other(&name)) {
                    return Err(wrong("send it in UTF-8"));
                }
            }
            Event::Comment(_) => {}
            Event::DocType(_) => return Err(wrong("document types are not read")),
            Event::PI(_) => return Err(wrong("instructions are not read")),
            Event::Eof => break,
        }
    }
    match whole {
        Some(fields) if open.is_empty() => Ok(fields),
        _ => Err(wrong("it ends too early")),
    }
}

fn opened(start: &BytesStart<'_>, open: &[Open], is_whole: bool) -> Result<Open, Problem> {
    if is_whole {
        return Err(wrong("there is more than one root element"));
    }
    if open.len() == DEEPEST {
        return Err(wrong("its elements are nested too deeply"));
    }
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    if start.attributes_raw().iter().any(|byte| !byte.is_ascii_whitespace()) {
        // The root is no field.
        let mut path: Vec<&str> = open.iter().skip(1).map(|element| element.name.as_str()).collect();
        path.extend((!open.is_empty()).then_some(name.as_str()));
        return Err(Problem::field(path.join("."), "Attributes are not read: send elements."));
    }
    Ok(Open { name, text: String::new(), fields: Map::new() })
}

fn add(open: &mut [Open], text: &str) -> Result<(), Problem> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(wrong("there is text outside of its elements")),
    }
    Ok(())
}

fn close(element: Open, open: &mut [Open], whole: &mut Option<Value>) -> Result<(), Problem> {
    let Some(parent) = open.last_mut() else {
        *whole = Some(Value::Object(element.fields));
        return if element.text.trim().is_empty() { Ok(()) } else { Err(wrong("its root element holds text")) };
    };
    let name = element.name.clone();
    let value = element.closed()?;
    match parent.fields.get_mut(&name) {
        None => _ = parent.fields.insert(name, value),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => {
            let both = vec![first.take(), value];
            *first = Value::Array(both);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(text: &str) -> u16 {
        read(text.as_bytes()).map_or_else(|problem| problem.status.as_u16(), |_| 200)
    }

    #[test]
    fn elements_are_fields() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a lead -->\n<lead>\n  <partner_code> ada </partner_code>\n  \
            <fields><email>nora@harbor.example</email><services>A</services><services>B &amp; C</services><services/>\
            <note>1 &lt; 2 &#252; <![CDATA[<b>&amp;</b>]]></note></fields>\n</lead>\n";
        let fields = json!({
            "email": "nora@harbor.example", "services": ["A", "B & C", ""], "note": "1 < 2 ü <b>&amp;</b>"
        });
        assert_eq!(read(text.as_bytes()).ok(), Some(json!({"partner_code": "ada", "fields": fields})));
        assert_eq!(read(b"<lead><fields/></lead>").ok(), Some(json!({"fields": {}})));
        assert_eq!(read(b"<lead/>").ok(), Some(json!({})));
    }

    #[test]
    fn what_could_do_harm_is_not_read() {
        let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><lead><fields><name>&b;</name></fields></lead>";
        let file = "<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><lead><lead_group>&x;</lead_group></lead>";
        let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        for bad in [
            bomb,
            file,
            &deep,
            "<lead><fields><a><b>1</b></a></fields></lead>",
            "<lead><name>&x;</name></lead>",
            "<lead><name>&#0;</name></lead>",
            "<lead><name>&#xD800;</name></lead>",
            "<lead>text</lead>",
            "<lead><fields>text<email>x</email></fields></lead>",
            "<lead><fields></lead></fields>",
            "<lead>",
            "</lead>",
            "<lead/><lead/>",
            "<lead/>text",
            "text",
            "",
            "{}",
            "<?php x?><lead/>",
            "<?xml version=\"1.0\" encoding=\"utf-16\"?><lead/>",
        ] {
            assert_eq!(status(bad), 400, "{bad:.80}");
        }
        assert_eq!(read(b"<lead><name>\xff</name></lead>").err().map(|problem| problem.status.as_u16()), Some(400));
        let problem = read(b"<lead><fields><email kind=\"x\">a</email></fields></lead>").expect_err("refused");
        assert_eq!((problem.status.as_u16(), problem.errors[0].field.as_str()), (422, "fields.email"));
        assert_eq!(status("<lead xmlns=\"x\"/>"), 422);
    }
}
