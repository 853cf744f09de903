create schema shop;

create table shop.products (
    sku text primary key,
    name text not null,
    price numeric(10, 2),
    stock integer,
    on_sale boolean not null default false,
    added timestamp with time zone not null default '2026-01-01 00:00:00+00',
    details jsonb
);

insert into shop.products (sku, name, price, stock, details)
select 'MUG/' || n, 'Mug number ' || n, 9.90 + n, n * 3, jsonb_build_object('colour', 'blue', 'litres', 0.25)
from generate_series(1, 12) as n;
