{{ loaded('message_types', {
    'id': 'integer',
    'name': 'text',
    'channelId': 'integer',
    'subscriptionPolicy': 'text',
    'rateLimitPerMinute': 'integer',
    'frequencyCap': 'json',
    'createdAt': 'moment',
    'updatedAt': 'moment',
}, {'id': 'message_type_id', 'name': 'message_type_name'}) }}
