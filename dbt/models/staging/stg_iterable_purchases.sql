{{ loaded('purchase', {
    'recordId': 'text',
    'id': 'text',
    'total': 'number',
    'shoppingCartItems': 'json',
    'items': 'json',
    'dataFields': 'json',
}, {'id': 'order_id'}) }}
