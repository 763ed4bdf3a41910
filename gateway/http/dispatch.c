/* Rows, not chains: adding a command is one file and one row. */
#include "gateway/http/dispatch.h"

#include "gateway/commands/commands.h"
#include "gateway/sync/cmd_sync.h"

const int eas_versions[] = { 121, 140, 141, 160, 161, 0 };

static const struct command commands[] = {
	{ "Sync", 0, 121, 0, CMD_EMPTY_BODY | CMD_SUPERSEDES,
	  WX_AirSync_Sync, WX_AirSync_Status,
	  STATUS_SYNC_ROOT, cmd_sync },
	{ "SendMail", 1, 121, 0, CMD_RAW_BODY, WX_ComposeMail_SendMail,
	  WX_ComposeMail_Status,
	  STATUS_SEND, cmd_send_mail },
	{ "SmartForward", 2, 121, 0, CMD_RAW_BODY,
	  WX_ComposeMail_SmartForward, WX_ComposeMail_Status,
	  STATUS_SEND, cmd_smart_forward },
	{ "SmartReply", 3, 121, 0, CMD_RAW_BODY, WX_ComposeMail_SmartReply,
	  WX_ComposeMail_Status,
	  STATUS_SEND, cmd_smart_reply },
	{ "GetAttachment", 4, 121, 121, CMD_EMPTY_BODY, 0, 0,
	  STATUS_COMMON, cmd_get_attachment },
	{ "FolderSync", 9, 121, 0, CMD_SUPERSEDES,
	  WX_FolderHierarchy_FolderSync, WX_FolderHierarchy_Status,
	  STATUS_FOLDER_SYNC, cmd_folder_sync },
	{ "FolderCreate", 10, 121, 0, 0, WX_FolderHierarchy_FolderCreate,
	  WX_FolderHierarchy_Status,
	  STATUS_FOLDER_CREATE, cmd_folder_create },
	{ "FolderDelete", 11, 121, 0, 0, WX_FolderHierarchy_FolderDelete,
	  WX_FolderHierarchy_Status,
	  STATUS_FOLDER_DELETE, cmd_folder_delete },
	{ "FolderUpdate", 12, 121, 0, 0, WX_FolderHierarchy_FolderUpdate,
	  WX_FolderHierarchy_Status,
	  STATUS_FOLDER_UPDATE, cmd_folder_update },
	{ "MoveItems", 13, 121, 0, 0, WX_Move_MoveItems, WX_Move_Status,
	  STATUS_COMMON, cmd_move },
	{ "GetItemEstimate", 14, 121, 0, 0,
	  WX_GetItemEstimate_GetItemEstimate, WX_GetItemEstimate_Status,
	  STATUS_COMMON, cmd_estimate },
	{ "MeetingResponse", 15, 121, 0, 0,
	  WX_MeetingResponse_MeetingResponse, WX_MeetingResponse_Status,
	  STATUS_COMMON, cmd_meeting_response },
	{ "Search", 16, 121, 0, 0, WX_Search_Search, WX_Search_Status,
	  STATUS_SEARCH, cmd_search },
	{ "Settings", 17, 121, 0, 0, WX_Settings_Settings,
	  WX_Settings_Status,
	  STATUS_SETTINGS, cmd_settings },
	{ "Ping", 18, 121, 0, CMD_EMPTY_BODY | CMD_NO_KEY | CMD_SUPERSEDES,
	  WX_Ping_Ping, WX_Ping_Status,
	  STATUS_PING, cmd_ping },
	{ "ItemOperations", 19, 121, 0, 0, WX_ItemOperations_ItemOperations,
	  WX_ItemOperations_Status,
	  STATUS_ITEM_OPERATIONS, cmd_item_operations },
	{ "Provision", 20, 121, 0, CMD_NO_POLICY, WX_Provision_Provision,
	  WX_Provision_Status,
	  STATUS_PROVISION, cmd_provision },
	{ "Find", 23, 161, 0, 0, WX_Find_Find, WX_Find_Status, STATUS_FIND,
	  cmd_find },
	{ "ResolveRecipients", 21, 121, 0, 0,
	  WX_ResolveRecipients_ResolveRecipients,
	  WX_ResolveRecipients_Status,
	  STATUS_RESOLVE, cmd_resolve },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What the protocol knows besides: told apart from nonsense in the log. */
static const struct {
	int code;
	const char *name;
	wbxml_tag status;
} others[] = {
	{ 5, "GetHierarchy", 0 },
	{ 6, "CreateCollection", 0 },
	{ 7, "DeleteCollection", 0 },
	{ 8, "MoveCollection", 0 },
	{ 22, "ValidateCert", WX_ValidateCert_Status },
};
#define N_OTHERS (sizeof(others) / sizeof(others[0]))

const struct command *
command_by_name(struct span name)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (span_eq_ci(name, span_of(commands[i].name)))
			return &commands[i];
	return NULL;
}

const struct command *
command_by_code(int code)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (commands[i].code == code)
			return &commands[i];
	return NULL;
}

const char *
command_code_name(int code)
{
	const struct command *c = command_by_code(code);
	size_t i;

	if (c != NULL)
		return c->name;
	for (i = 0; i < N_OTHERS; i++)
		if (others[i].code == code)
			return others[i].name;
	return NULL;
}

bool
command_is_known(struct span name)
{
	size_t i;

	for (i = 0; i < N_OTHERS; i++)
		if (span_eq_ci(name, span_of(others[i].name)))
			return true;
	return command_by_name(name) != NULL;
}

wbxml_tag
command_lacking(struct span name)
{
	size_t i;

	for (i = 0; i < N_OTHERS; i++)
		if (span_eq_ci(name, span_of(others[i].name)))
			return others[i].status;
	return 0;
}

bool
version_offered(int version)
{
	const int *v;

	for (v = eas_versions; *v != 0; v++)
		if (*v == version)
			return true;
	return false;
}

const char *
dispatch_versions(struct arena *a)
{
	const char *s = "";
	const int *v;

	/* Ascending: old Androids keep the last one they know. */
	for (v = eas_versions; *v != 0; v++)
		s = arena_printf(a, "%s%s%d.%d", s, *s ? "," : "", *v / 10,
				 *v % 10);
	return s;
}

const char *
dispatch_commands(struct arena *a)
{
	const char *s = "";
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		s = arena_printf(a, "%s%s%s", s, *s ? "," : "",
				 commands[i].name);
	return s;
}
