/* The two commands of this folder; see commands/commands.h. */
#ifndef GATEWAY_CMD_SYNC_H
#define GATEWAY_CMD_SYNC_H

#include "gateway/http/request.h"

enum cmd_result cmd_sync(struct request *r);
enum cmd_result cmd_estimate(struct request *r);

#endif
