create schema audience;

create table audience.orders (id integer primary key, email text not null, total numeric(10, 2), at date not null);

insert into audience.orders
select n, 'customer' || n % 20 || '@example.com', 10 + n, date '2026-10-01' + n % 30
from generate_series(1, 60) as n;

create view audience.loyal as
select email, max(at) as last_order from audience.orders group by email having count(*) >= 3;
