with purchases as (

    select
        record_id,
        order_id,
        coalesce(shopping_cart_items, items) as items
    from {{ ref('stg_iterable_purchases') }}

),

rows_of_items as (

    select
        purchases.record_id,
        purchases.order_id,
        {{ item_number() }} as item_number,
        {{ array_item('json') }} as item
    from purchases
    {{ join_json_array('purchases.items') }}

)

select
    record_id,
    order_id,
    item_number,
    {{ json_member('item', 'id') }} as item_id,
    {{ json_member('item', 'sku') }} as sku,
    {{ json_member('item', 'name') }} as item_name,
    {{ json_member('item', 'price', 'number') }} as price,
    {{ json_member('item', 'quantity', 'number') }} as quantity
from rows_of_items
