-- From what came out of Iterable, what shall go back: an audience, its events, and a product table.
-- Run again, it changes only rows whose content changed, and gives those a new version.

create schema if not exists activation;
create sequence if not exists activation.versions;

create table if not exists activation.users (
    email text primary key,
    "buyerTier" text not null,
    "totalSpent" numeric(12, 2) not null,
    "lastPurchaseAt" timestamptz not null,
    version bigint not null default nextval('activation.versions')
);

create table if not exists activation.list_members (
    list text not null,
    email text not null,
    version bigint not null default nextval('activation.versions'),
    primary key (list, email)
);

create table if not exists activation.events (
    id text primary key,
    email text not null,
    "eventName" text not null,
    "createdAt" timestamptz not null default now(),
    "dataFields" jsonb not null,
    version bigint not null default nextval('activation.versions')
);

create table if not exists activation.catalog_items (
    "catalogName" text not null,
    "itemId" text not null,
    name text,
    price numeric(12, 2),
    "unitsSold" bigint not null,
    version bigint not null default nextval('activation.versions'),
    primary key ("catalogName", "itemId")
);

-- Buyers, by what they spent.
insert into activation.users as known (email, "buyerTier", "totalSpent", "lastPurchaseAt")
select
    email,
    case when sum(total) >= 400 then 'gold' when sum(total) >= 150 then 'silver' else 'bronze' end,
    sum(total),
    max("createdAt")
from iterable.purchase
where email is not null
group by email
on conflict (email) do update
set "buyerTier" = excluded."buyerTier",
    "totalSpent" = excluded."totalSpent",
    "lastPurchaseAt" = excluded."lastPurchaseAt",
    version = excluded.version
where (known."buyerTier", known."totalSpent", known."lastPurchaseAt")
    is distinct from (excluded."buyerTier", excluded."totalSpent", excluded."lastPurchaseAt");

-- The audience: the best of them who also click.
insert into activation.list_members (list, email)
select 'Loyal and clicking', email
from activation.users
where "buyerTier" in ('gold', 'silver')
    and email in (select email from iterable.email_click)
on conflict do nothing;

-- One event for each who entered it.
insert into activation.events (id, email, "eventName", "dataFields")
select
    md5(members.list || ':' || members.email),
    members.email,
    'audienceEntered',
    jsonb_build_object('audience', members.list, 'buyerTier', users."buyerTier")
from activation.list_members as members
join activation.users as users using (email)
on conflict do nothing;

-- Products by what was sold of them.
insert into activation.catalog_items as known ("catalogName", "itemId", name, price, "unitsSold")
select
    'bestsellers',
    item ->> 'id',
    max(item ->> 'name'),
    max((item ->> 'price')::numeric),
    sum((item ->> 'quantity')::bigint)
from iterable.purchase, jsonb_array_elements("shoppingCartItems") as item
group by item ->> 'id'
on conflict ("catalogName", "itemId") do update
set name = excluded.name, price = excluded.price, "unitsSold" = excluded."unitsSold", version = excluded.version
where (known.name, known.price, known."unitsSold") is distinct from (excluded.name, excluded.price, excluded."unitsSold");
