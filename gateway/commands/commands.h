/* One function for each row of dispatch.c. All run on a worker, answer
 * through the request and never fail otherwise. */
#ifndef GATEWAY_COMMANDS_H
#define GATEWAY_COMMANDS_H

#include "gateway/http/request.h"

enum cmd_result cmd_ping(struct request *r);
enum cmd_result cmd_folder_sync(struct request *r);
enum cmd_result cmd_folder_create(struct request *r);
enum cmd_result cmd_folder_delete(struct request *r);
enum cmd_result cmd_folder_update(struct request *r);
enum cmd_result cmd_item_operations(struct request *r);
enum cmd_result cmd_move(struct request *r);
enum cmd_result cmd_meeting_response(struct request *r);
enum cmd_result cmd_send_mail(struct request *r);
enum cmd_result cmd_smart_reply(struct request *r);
enum cmd_result cmd_smart_forward(struct request *r);
enum cmd_result cmd_search(struct request *r);
enum cmd_result cmd_find(struct request *r);
enum cmd_result cmd_resolve(struct request *r);
enum cmd_result cmd_get_attachment(struct request *r);
enum cmd_result cmd_settings(struct request *r);
enum cmd_result cmd_provision(struct request *r);

/* Answers OPTIONS on the worker; the caller has checked the login. */
void options_answer(struct exchange *x);

#endif
