{{ loaded('templates', {
    'templateId': 'integer',
    'name': 'text',
    'templateType': 'text',
    'messageMedium': 'text',
    'messageTypeId': 'integer',
    'campaignId': 'integer',
    'clientTemplateId': 'text',
    'creatorUserId': 'text',
    'createdAt': 'moment',
    'updatedAt': 'moment',
}, {'name': 'template_name'}) }}
