using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// What the parameters of all calls mean: services read them as texts, so that a wrong one is refused by its code, and their documents
/// say no more of them. A test calls every list with what is said here.
/// </summary>
internal static class Parameters
{
    private const string Domain = "example.jp", Address = "taro@example.jp", Id = "0196f3c2-7d1e-7b5a-9c44-2f6f0a1b3c5d", Time = "2026-11-24T00:00:00Z";
    private const string Series =
        "What is counted. `accounts`: created and deleted ones; `bulk`: accounts registered and changed by files; `restrictions`: begun by kind, lifted, and stopped networks; "
        + "`jobs`: copies of mailboxes and deletions; `mail`: messages received, sent, refused and returned; `verdicts`: of the spam filter; `logins`: accepted ones, and refused ones by reason.";

    private static readonly string[] Restrictions = ["compromise-suspected", "account-locked", "sending-locked", "over-capacity"];

    // By the parameter's name; where a call means something else, by the operation's and its name.
    private static readonly Dictionary<string, (string Description, JsonObject Schema)> Known = new()
    {
        ["limit"] = ("How many items a page has at most.", new() { ["type"] = "integer", ["format"] = "int32", ["minimum"] = 1, ["maximum"] = Cursor.MaxLimit, ["default"] = Cursor.DefaultLimit }),
        ["cursor"] = ("The `next` or `prev` of another page of the same list; absent: the first page.", Text()),
        ["name"] = ("The domain, in any spelling that DNS knows.", Text(Domain)),
        ["address"] = ("The account's mail address.", Text(Address, "email")),
        ["id"] = ("The id, as the list or its creation told it.", Text(Id)),
        ["getJob.id"] = ("The job's id.", Text("accounts-0196f3c27d1e7b5a9c442f6f0a1b3c5d")),
        ["retireNode.id"] = ("The node's name.", Text("mail1")),
        ["eventId"] = ("The change's `id` in the history.", Text(Id, "uuid")),
        ["login"] = ("The administrator's login.", Text("hanako")),
        ["kind"] = ("A kind of restriction.", Choice(Restrictions)),
        ["at"] = ("Answers as things were at this time.", Moment()),
        ["since"] = ("Only what began at this time or later.", Moment()),
        ["getRewind.since"] = ("When the intrusion began; absent: as the evidence says.", Moment()),
        ["dryRun"] = ("Judges the request and changes nothing; what would be refused is refused.", Flag()),
        ["confirm"] = ("Whether the caller has seen what it leads to, where the answer was 428.", Flag()),
        ["domain"] = ("Only what is about this domain.", Text(Domain)),
        ["query"] = ("Part of an address or comment, in any case.", Text("taro")),
        ["listAccounts.status"] = ("Only accounts of which this holds; `normal`: nothing of the kind.", Choice("normal", "password-forcibly-changed", "restricted")),
        ["listAccounts.sort"] = ("By what the list is sorted.", Choice(["address", "usedMb", "createdAt"], "address")),
        ["order"] = ("In which direction.", Choice(["asc", "desc"], "asc")),
        ["listJobs.state"] = ("Only jobs in this state.", Choice([.. JobStates.All])),
        ["listJobs.kind"] = ("Only jobs of this kind.", Text("account-deletion")),
        ["listNotices.state"] = ("All notices, or those that are unread.", Choice(["all", "unread"], "all")),
        ["listNotices.kind"] = ("Only notices of this kind, as a notice names its own.", Text("password-forcibly-changed")),
        ["listRestrictions.state"] = ("Only those that hold, or those that have ended.", Choice("active", "ended")),
        ["network"] = ("Only what came from this network.", Text("192.0.2.0/24")),
        ["encoding"] = ("How the file is encoded.", Choice(["utf-8", "cp932"], "utf-8")),
        ["getMobileProfile.protocol"] = ("How the mail is read.", Choice(["imap", "pop"], "imap")),
        ["columns"] = ("The manual's columns, or all.", Choice(["manual", "all"], "manual")),
        ["by"] = ("How the mail is read; `imap` stands for webmail, too.", Choice("pop", "imap")),
        ["filter"] = ("What the mail program can filter by; needed with `pop`.", Choice("header", "subject")),
        ["after"] = ("A position of the stream; `0` is before the first event.", Text("4711")),
        ["account"] = ("Only events of the account with this address or id.", Text(Address)),
        ["type"] = ("Only events of this type, or of these, separated by commas.", Text("accounts.mail-account-created")),
        ["Last-Event-ID"] = ("The last position that arrived; counts before `after`.", Text("4711")),
        ["listDeliveries.from"] = ("Only messages of this time or later.", Moment()),
        ["listDeliveries.to"] = ("Only messages of this time or earlier.", Moment()),
        ["listDeliveries.sender"] = ("Part of the sender's address, in any case.", Text("info@example.com")),
        ["listDeliveries.messageId"] = ("The message's Message-ID.", Text("<1@example.com>")),
        ["listDeliveries.direction"] = ("Mail that came in, or that the account sent.", Choice(["received", "sent"], "received")),
        ["traceMessage.sender"] = ("The sender of the envelope; absent: the null sender.", Text("info@example.com", "email")),
        ["getStats.series"] = (Series, Choice([.. RouteTable.With().Series])),
        ["getStats.from"] = ("When the first step begins.", Moment()),
        ["getStats.to"] = ("When the last step ends.", Moment()),
        ["getStats.step"] = ("How long a step is, in seconds.", new() { ["type"] = "integer", ["format"] = "int32", ["minimum"] = ReadStats.ShortestStep, ["maximum"] = ReadStats.LongestStep }),
        ["If-Match"] = ("The version that was read, as its ETag; when it is not the present one, the answer is 412.", Text("\"3\"")),
        ["Idempotency-Key"] = ("Sent again with the same body within 24 hours, it gets the first answer again.", Text(Id, longest: 200)),
    };

    // Read from the request by the handler itself.
    private static readonly Dictionary<string, string[]> Undeclared = new()
    {
        ["listDeliveries"] = ["from", "to", "sender", "messageId", "direction", "cursor", "limit"],
        ["traceMessage"] = ["sender"],
        ["getRewind"] = ["since"],
    };

    private static readonly string[] Required = ["getSpamAdvice.by", "getStats.series"];

    /// <summary>Describes those of one operation, and adds what its handler's signature does not tell.</summary>
    public static void Describe(JsonObject operation, GatewayRoute route)
    {
        var parameters = operation["parameters"]?.AsArray() ?? [];
        Add(parameters, "path", route.Pattern.Split('/').Where(s => s.StartsWith('{')).Select(s => s[1..^1]));
        Add(parameters, "query", Undeclared.GetValueOrDefault(route.Id, []));
        foreach (var parameter in parameters) Describe(parameter!.AsObject(), route.Id);
        if (parameters.Count > 0 && parameters.Parent is null) operation["parameters"] = parameters;
    }

    private static void Add(JsonArray parameters, string place, IEnumerable<string> names)
    {
        foreach (var name in names.Except([.. parameters.Select(p => p!["name"]!.GetValue<string>())]))
            parameters.Add(new JsonObject { ["name"] = name, ["in"] = place, ["schema"] = Text() });
    }

    private static void Describe(JsonObject parameter, string operation)
    {
        var name = parameter["name"]!.GetValue<string>();
        if (parameter["in"]!.GetValue<string>() == "query") parameter["name"] = name = JsonNamingPolicy.CamelCase.ConvertName(name);
        if (parameter["in"]!.GetValue<string>() == "path" || Required.Contains($"{operation}.{name}")) parameter["required"] = true;
        if (!Known.TryGetValue($"{operation}.{name}", out var known) && !Known.TryGetValue(name, out known)) return;
        parameter["description"] ??= known.Description;
        parameter["schema"] = known.Schema.DeepClone();
    }

    private static JsonObject Text(string? example = null, string? format = null, int? longest = null)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (format is not null) schema["format"] = format;
        if (longest is not null) schema["maxLength"] = longest;
        if (example is not null) schema["examples"] = new JsonArray(example);
        return schema;
    }

    private static JsonObject Moment() => Text(Time, "date-time");

    private static JsonObject Flag() => new() { ["type"] = "boolean", ["default"] = false };

    private static JsonObject Choice(params string[] values) => Choice(values, null);

    private static JsonObject Choice(string[] values, string? usual)
    {
        var schema = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(v => JsonValue.Create(v))]) };
        if (usual is not null) schema["default"] = usual;
        return schema;
    }
}
