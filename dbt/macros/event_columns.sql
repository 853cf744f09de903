{# Fields of events that the models use, by the tap's names. Every other field is in the tables of the loader. #}
{% macro event_columns() %}
  {{- return({
    'recordId': 'text', 'createdAt': 'moment', 'email': 'text', 'userId': 'text', 'itblUserId': 'text',
    'eventName': 'text', 'campaignId': 'integer', 'templateId': 'integer', 'messageId': 'text',
    'seenMessageId': 'text', 'messageTypeId': 'integer', 'channelId': 'integer', 'contentId': 'integer',
    'workflowId': 'integer', 'workflowName': 'text', 'emailListId': 'integer', 'emailListIds': 'integers',
    'isBot': 'boolean', 'proxySource': 'text', 'url': 'text', 'clickedUrl': 'text', 'reason': 'text',
    'recipientState': 'text', 'status': 'text', 'unsubSource': 'text', 'errorCode': 'text', 'messageStatus': 'text',
    'total': 'number', 'messageBusId': 'text', 'userAgent': 'text', 'userAgentDevice': 'text', 'city': 'text',
    'region': 'text', 'country': 'text', 'appAlreadyRunning': 'boolean', 'catalogCollectionCount': 'integer',
    'catalogLookupCount': 'integer', 'expiresAt': 'moment', 'platformEndpoint': 'text', 'fromPhoneNumber': 'text',
    'toPhoneNumber': 'text', 'fromSMSSenderId': 'integer', 'smsMessage': 'text', 'smsSendCount': 'integer',
    'mmsSendCount': 'integer', 'isSMSEstimation': 'boolean', 'transactionalData': 'json', 'dataFields': 'json',
  }) -}}
{% endmacro %}
