//! Codes of links: unique in the program whatever the case, and never given up. The partners' own codes are among
//! them, because each partner's default link bears its code.

use crate::Result;
use domain::ids::{LinkId, ProgramId};
use domain::text::code_key;
use sqlx::PgConnection;

/// What the person is told whose code is another's.
pub(crate) const IN_USE: &str = "This code is in use. Choose another.";

/// Claims a code for a link; false where it is another link's. Waits for those who claim the same at once. A link may
/// go back to a code of its own.
pub(crate) async fn claim(conn: &mut PgConnection, program: ProgramId, link: LinkId, code: &str) -> Result<bool> {
    let claimed = sqlx::query!(
        "insert into link_codes (program_id, code_key, link_id) values ($1, $2, $3)
         on conflict (program_id, code_key) do nothing",
        program as ProgramId,
        code_key(code),
        link as LinkId
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if claimed == 1 {
        return Ok(true);
    }
    let owner = sqlx::query_scalar!(
        r#"select link_id as "link_id: LinkId" from link_codes where program_id = $1 and code_key = $2"#,
        program as ProgramId,
        code_key(code)
    )
    .fetch_optional(conn)
    .await?;
    Ok(owner == Some(link))
}

/// Whether a link that is on has this code.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn has_code(conn: &mut PgConnection, program: ProgramId, code: &str) -> Result<bool> {
    if code.contains('\0') {
        return Ok(false);
    }
    Ok(sqlx::query_scalar!(
        r#"select exists (select from link_codes c
                          join links l on l.program_id = c.program_id and l.id = c.link_id and l.disabled_at is null
                          where c.program_id = $1 and c.code_key = $2) as "there!""#,
        program as ProgramId,
        code_key(code)
    )
    .fetch_one(conn)
    .await?)
}
