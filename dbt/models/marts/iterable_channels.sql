{{ loaded('channels', {
    'id': 'integer',
    'name': 'text',
    'channelType': 'text',
    'messageMedium': 'text',
}, {'id': 'channel_id', 'name': 'channel_name'}) }}
