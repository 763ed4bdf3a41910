/* From what a phone calls a mail to the mail: ServerId, LongId and the item
 * part of a FileReference are all "coll:item". */
#ifndef GATEWAY_MAIL_REF_H
#define GATEWAY_MAIL_REF_H

#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "state/mirror.h"
#include "translate/env.h"

/* Where it lives: never a view, whatever the phone calls it. */
struct mail_ref {
	struct coll coll;
	struct mirror_item item;
	/* As the phone calls it: maybe an item of a view. */
	struct coll named;
	uint64_t shown;
};

/* ERR_NOT_FOUND, SCOPE_ITEM if there is no such mail any more; ERR_INVALID
 * if the id is none of ours. Memory is the request's arena. */
bool mail_find(struct request *r, struct span server_id,
	       struct mail_ref *out, struct err *e);
/* The same for an item of any kind. */
bool ref_find(struct request *r, struct span server_id, struct mail_ref *out,
	       struct err *e);

/* The account of the request, with a reference until the request ends. */
struct account *request_account(struct request *r);

/* A translation environment for this phone and user, without wishes. */
struct tr_env request_env(struct request *r);
/* The same where no phone asks. */
struct tr_env user_env(struct arena *a, const struct user_conf *u,
		       unsigned version);

#endif
