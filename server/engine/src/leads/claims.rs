//! By what a lead is known again: a key table, written in the order of its key, so that of twins at the same instant one
//! waits for the other.

use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::ids::{EnrollmentId, LeadId, ProgramId};
use domain::leads::{
    Answers, DuplicateRule, DuplicateScope, EMAIL, FieldKind, LeadForm, LeadKey, domain_key, phone_key,
};
use domain::text::email_key;
use sqlx::PgConnection;
use uuid::Uuid;

/// What a program takes from partners, and how it knows leads again; held, so that it doesn't change meanwhile.
pub(crate) struct Rules {
    pub submission: bool,
    pub by: Vec<LeadKey>,
    pub days: i32,
    pub scope: DuplicateScope,
    pub rule: DuplicateRule,
}

pub(crate) async fn rules(conn: &mut PgConnection, program: ProgramId) -> Result<Rules> {
    Ok(sqlx::query_as!(
        Rules,
        r#"select submission, duplicate_by as "by: Vec<LeadKey>", duplicate_days as days,
                  duplicate_scope as "scope: DuplicateScope", duplicate_rule as "rule: DuplicateRule"
           from lead_settings where program_id = $1 for share"#,
        program as ProgramId
    )
    .fetch_one(conn)
    .await?)
}

/// By what one lead is known again; empty texts claim nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    pub email: String,
    pub phone: String,
    pub domain: String,
}

/// A lead that was there before.
pub(crate) struct Repeated {
    pub lead: LeadId,
    pub kind: LeadKey,
    pub enrollment: EnrollmentId,
}

impl Claims {
    pub fn of(form: &LeadForm, answers: &Answers) -> Self {
        let phone = form.fields.iter().find(|field| field.kind == FieldKind::Phone);
        let typed = phone.and_then(|field| answers.fields.get(&field.key));
        Self {
            email: email_key(&answers.email),
            phone: typed.and_then(|text| phone_key(text)).unwrap_or_default(),
            domain: domain_key(&answers.email).unwrap_or_default(),
        }
    }

    /// Those that another lead's aren't.
    pub fn without(&self, other: &Self) -> Self {
        let new = |own: &String, other: &String| if own == other { String::new() } else { own.clone() };
        Self {
            email: new(&self.email, &other.email),
            phone: new(&self.phone, &other.phone),
            domain: new(&self.domain, &other.domain),
        }
    }

    /// Those by which a program knows leads again.
    pub fn keys(&self, by: &[LeadKey]) -> Vec<(LeadKey, &str)> {
        let all = [(LeadKey::Email, &self.email), (LeadKey::Phone, &self.phone), (LeadKey::Domain, &self.domain)];
        all.into_iter()
            .filter(|(kind, key)| by.contains(kind) && !key.is_empty())
            .map(|(kind, key)| (kind, key.as_str()))
            .collect()
    }

    /// In the order in which they are written.
    fn pairs(&self, by: &[LeadKey]) -> (Vec<LeadKey>, Vec<String>) {
        let all = [(LeadKey::Email, &self.email), (LeadKey::Phone, &self.phone), (LeadKey::Domain, &self.domain)];
        all.into_iter()
            .filter(|(kind, key)| by.contains(kind) && !key.is_empty())
            .map(|(kind, key)| (kind, key.clone()))
            .unzip()
    }

    /// Claims them for a lead that is written already; answers the lead that it repeats. Under `Refuse` the caller takes all
    /// of it back; else they are this lead's from now on.
    pub async fn take(
        &self,
        conn: &mut PgConnection,
        moment: &Moment,
        program: ProgramId,
        partner: EnrollmentId,
        id: LeadId,
        rules: &Rules,
    ) -> Result<Option<Repeated>> {
        let (kinds, keys) = self.pairs(&rules.by);
        if kinds.is_empty() {
            return Ok(None);
        }
        let scope = match rules.scope {
            DuplicateScope::Program => program.0,
            DuplicateScope::Partner => partner.0,
        };
        // Who is there already stays for now, locked, and is told.
        let held = sqlx::query!(
            r#"insert into lead_keys (program_id, scope_id, kind, key, lead_id, at)
               select $1, $2, kind, key, $3, $4 from unnest($5::lead_key[], $6::text[]) as k (kind, key) order by kind, key
               on conflict (program_id, scope_id, kind, key) do update set at = lead_keys.at
               returning lead_id as "lead: LeadId", kind as "kind: LeadKey", at"#,
            program as ProgramId,
            scope as Uuid,
            id as LeadId,
            moment.at,
            &kinds as &[LeadKey],
            &keys
        )
        .fetch_all(&mut *conn)
        .await?;
        let since = moment.at - Duration::days(rules.days.into());
        let mut others: Vec<_> = held.into_iter().filter(|row| row.lead != id).collect();
        if others.is_empty() {
            return Ok(None);
        }
        others.sort_by_key(|row| row.kind);
        let repeated = others.into_iter().find(|row| row.at >= since);
        if repeated.is_none() || rules.rule != DuplicateRule::Refuse {
            sqlx::query!(
                "update lead_keys k set lead_id = $3, at = $4 from unnest($5::lead_key[], $6::text[]) as n (kind, key)
                 where k.program_id = $1 and k.scope_id = $2 and k.kind = n.kind and k.key = n.key",
                program as ProgramId,
                scope as Uuid,
                id as LeadId,
                moment.at,
                &kinds as &[LeadKey],
                &keys
            )
            .execute(&mut *conn)
            .await?;
        }
        let Some(row) = repeated else { return Ok(None) };
        let enrollment = super::partner_of(conn, program, row.lead).await?;
        Ok(Some(Repeated { lead: row.lead, kind: row.kind, enrollment }))
    }
}

impl Repeated {
    /// Why the lead is refused, beside the field by which it is known; of another partner's lead nothing else is told.
    pub fn refusal(&self, form: &LeadForm, partner: EnrollmentId, of_partner: bool) -> Error {
        let phone = || form.fields.iter().find(|field| field.kind == FieldKind::Phone).map(|field| field.key.as_str());
        let field = match self.kind {
            LeadKey::Email | LeadKey::Domain => EMAIL,
            LeadKey::Phone => phone().unwrap_or(EMAIL),
        };
        let same = match self.kind {
            LeadKey::Email => String::new(),
            kind => format!(" It has the same {}.", kind.label()),
        };
        let words = match (self.enrollment == partner, of_partner) {
            (true, true) => format!("You have added this lead already.{same}"),
            (true, false) => format!("The partner has added this lead already.{same}"),
            (false, true) => format!("This lead is known to the program already.{same}"),
            (false, false) => format!("Another partner has added this lead already.{same}"),
        };
        Error::field(field, words)
    }
}

/// Gives up what a lead has claimed, but for these.
pub(crate) async fn release(conn: &mut PgConnection, program: ProgramId, id: LeadId, but: &Claims) -> Result<()> {
    sqlx::query!(
        "delete from lead_keys
         where program_id = $1 and lead_id = $2
           and not (kind = 'email' and key = $3 or kind = 'phone' and key = $4 or kind = 'domain' and key = $5)",
        program as ProgramId,
        id as LeadId,
        but.email,
        but.phone,
        but.domain
    )
    .execute(conn)
    .await?;
    Ok(())
}
