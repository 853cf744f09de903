create schema segment;

create table segment.identifies (
    id text primary key, user_id text, anonymous_id text, received_at timestamp with time zone,
    email text, first_name text, phone text
);

create table segment.order_completed (
    id text primary key, user_id text, event text, event_text text, timestamp timestamp with time zone,
    order_id text, total numeric(10, 2), products jsonb
);

create table segment.pages (
    id text primary key, user_id text, timestamp timestamp with time zone, name text, url text
);

insert into segment.identifies values
('ajs-1', 'ann@example.com', 'a-1', '2026-11-01 08:00:00+00', 'ann@example.com', 'Ann', '+41790000000'),
('ajs-2', null, 'a-2', '2026-11-01 08:01:00+00', null, 'Nobody', null);

insert into segment.order_completed values
('ajs-3', 'ann@example.com', 'order_completed', 'Order Completed', '2026-11-01 08:05:00+00', 'O-1', 49.90,
 '[{"product_id": "A-1", "sku": "MUG", "name": "Mug", "price": 24.95, "quantity": 2, "category": "Kitchen"}]');

insert into segment.pages values
('ajs-4', 'ann@example.com', '2026-11-01 08:02:00+00', 'Pricing', 'https://example.com/pricing'),
('ajs-5', 'ann@example.com', '2026-11-01 08:03:00+00', null, 'https://example.com/');
