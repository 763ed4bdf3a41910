/* The folder tree a phone sees, made from the collections of the account. */
#ifndef GATEWAY_FOLDER_TREE_H
#define GATEWAY_FOLDER_TREE_H

#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "state/folders.h"

/* Parents first; exactly one of each default type. */
bool folder_tree(struct request *r, struct folder_list *out, struct err *e);
/* True if the tree differs from what this phone was told last, or if it was
 * told none. */
bool folder_tree_changed(struct request *r);
/* The collection of a default type (FOLDER_TRASH ...), if there is one. */
bool folder_special(struct request *r, enum folder_type type,
		    struct coll *out, struct err *e);
/* The same of one source: Trash and Sent stay with their mailbox. */
bool account_special(struct account *a, struct arena *arena,
		     struct span source, enum folder_type type,
		     struct coll *out, struct err *e);

#endif
