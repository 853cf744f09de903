create schema crm;

create table crm.customers (email text primary key, first_name text, points integer);

create table crm.visits (id integer primary key, email text not null, "createdAt" timestamp with time zone, shop text);

insert into crm.customers select 'customer' || n || '@example.com', 'Number ' || n, n from generate_series(1, 500) as n;

insert into crm.visits
select n, 'customer' || 1 + n % 500 || '@example.com', timestamp '2026-11-01' + n * interval '1 minute', 'Bern'
from generate_series(1, 2000) as n;
