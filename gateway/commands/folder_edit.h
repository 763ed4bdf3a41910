/* FolderCreate, FolderUpdate and FolderDelete between the phone's words
 * (cmd_folder_edit.c) and what has to be done where (folder_edit_mail.c,
 * folder_edit_dav.c). */
#ifndef GATEWAY_FOLDER_EDIT_H
#define GATEWAY_FOLDER_EDIT_H

#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "gateway/http/status.h"
#include "state/folders.h"

struct folder_edit {
	wbxml_tag root; /* the command */
	enum status_table table;
	struct span name;
	uint32_t coll, parent, type;
	struct folder_list told; /* what the phone knows */
	uint64_t cause; /* of this very command, for its repetition */
	enum item_kind kind; /* of the folder; other than mail: at a DAV
				server */
};

/* The one of that number; NULL if there is none. */
const struct told_folder *tree_told(const struct folder_list *l,
				    uint32_t coll);

/* What a tree that was just listed says of the command. */
enum edit_verdict {
	EDIT_DONE,    /* all is as it wants: *coll */
	EDIT_TO_DO,
	EDIT_REFUSED, /* *status */
	EDIT_FAILED   /* *e */
};
enum edit_verdict folder_edit_judge(struct request *r,
				    const struct folder_edit *ed,
				    const struct folder_list *now,
				    uint32_t *coll, unsigned *status);
enum edit_verdict folder_edit_judge_dav(struct request *r,
					const struct folder_edit *ed,
					const struct folder_list *now,
					uint32_t *coll, unsigned *status,
					struct err *e);
/* Asks the source and lists it again; *coll is the folder, 0 if a new one is
 * not to be found. */
bool folder_edit_do(struct request *r, struct account *a,
		    const struct folder_edit *ed, uint32_t *coll,
		    struct err *e);
bool folder_edit_do_dav(struct request *r, struct account *a,
			const struct folder_edit *ed, uint32_t *coll,
			struct err *e);

#endif
