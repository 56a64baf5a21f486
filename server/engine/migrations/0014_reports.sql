-- A partner's leads that the team has judged, the latest first: among the latest events of its dashboard.
create index leads_by_outcome on leads (program_id, enrollment_id, stage_at desc, id desc) where stage <> 'new';
