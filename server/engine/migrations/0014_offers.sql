-- Whether the team has put the steps of a new program away.
alter table programs add column checklist_hidden boolean not null default false;
-- A program that has partners is past them.
update programs set checklist_hidden = true where exists (select from enrollments where program_id = programs.id);
