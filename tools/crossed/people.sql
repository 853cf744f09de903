-- People with awkward values, for PostgreSQL.
create schema {schema};
create table {schema}.people (
    email text primary key, note text, visits int, "bigNumber" bigint, balance numeric(12, 2), ratio numeric, vip boolean,
    born date, seen timestamptz, local timestamp, opens time, prefs jsonb, tags text[], postcode text, code uuid
);
insert into {schema}.people values
    ('ann@example.com', 'a "quote", a' || chr(10) || 'line', 12, 9007199254740993, 12.50, 5, true, '1990-02-28',
     '2026-01-02 03:04:05.678+00', '2026-01-02 03:04:05.678', '09:30', '{{"k": true, "n": 2.5}}', '{{a,b}}', '01234',
     '7b8e7a4e-4f0e-4f7c-9c0e-111111111111'),
    ('bob@example.com', '', null, null, null, null, null, null, null, null, null, null, null, null, null),
    ('cat@example.com', 'cat', 7, 1, 0.10, 2.5, false, '2001-12-31', '2026-02-03 00:00+00', '2026-02-03', '00:00',
     '{{"k": false, "n": 1}}', '{{}}', '99999', '7b8e7a4e-4f0e-4f7c-9c0e-222222222222');
