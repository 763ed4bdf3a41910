/* The folder tree a phone sees, made from the collections of the account. */
#ifndef GATEWAY_FOLDER_TREE_H
#define GATEWAY_FOLDER_TREE_H

#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "state/folders.h"

/* Not for this phone: folders of that class are as good as not there
 * ("easbridge device classes"). */
bool folder_hidden(const struct request *r, const struct coll *c);
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
/* Where to put what the phone puts into c: c itself; for a view the user's
 * default of the kind, or, for a mail of a mailbox that has an inbox of its
 * own (source; may be empty), that inbox. */
bool folder_target(struct request *r, const struct coll *c,
		   struct span source, struct coll *out, struct err *e);

#endif
