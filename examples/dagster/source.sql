create schema crm;

create table crm.customers (email text primary key, plan text not null, visits integer not null);

insert into crm.customers
select 'customer' || n || '@example.com', case when n % 3 = 0 then 'gold' else 'free' end, n
from generate_series(1, 30) as n;
