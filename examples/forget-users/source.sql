create schema privacy;

create table privacy.requests (
    id integer primary key,
    email text not null,
    requested_at timestamp with time zone not null default now(),
    note text
);

insert into privacy.requests (id, email, note) values (1, 'ann@example.com', 'by phone'), (2, 'bob@example.com', null);
