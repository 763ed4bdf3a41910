/* settings:DeviceInformation, which comes in Settings and in Provision. */
#ifndef GATEWAY_DEVICE_INFO_H
#define GATEWAY_DEVICE_INFO_H

#include "gateway/http/request.h"

/* Remembers what stands in <Set>. */
bool device_info_store(struct request *r, const struct wbxml_node *set,
		       struct err *e);

#endif
