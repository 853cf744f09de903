{{ loaded('lists', {
    'id': 'integer',
    'name': 'text',
    'description': 'text',
    'listType': 'text',
    'createdAt': 'moment',
}, {'id': 'list_id', 'name': 'list_name'}) }}
