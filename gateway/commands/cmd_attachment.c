/* GetAttachment (<= 12.1): AttachmentName is a FileReference. */
#include "gateway/commands/commands.h"
#include "gateway/items/fetch.h"

enum cmd_result
cmd_get_attachment(struct request *r)
{
	struct fetched_file f;
	struct err e = { 0 };
	struct attach_range all = { 0, UINT64_MAX };

	if (!fetch_file(r, r->q.attachment_name, all, &f, &e)) {
		if (e.scope == SCOPE_ACCOUNT)
			request_fail(r, &e);
		else
			request_http(r, e.code == ERR_INVALID ? 400 : 404);
		return CMD_DONE;
	}
	buf_cut(&r->out, 0);
	buf_span(&r->out, f.bytes);
	r->content_type = f.content_type;
	return CMD_DONE;
}
