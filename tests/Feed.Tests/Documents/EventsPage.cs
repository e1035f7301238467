using System.Text;

namespace Hikyaku.Feed.Tests.Documents;

/// <summary>Writes <c>docs/events.md</c>.</summary>
public static class EventsPage
{
    /// <summary>Writes it.</summary>
    public static string Of(IReadOnlyList<CataloguedEvent> events)
    {
        var page = new StringBuilder("""
            # Events

            Generated from the contracts; a test compares it. `HIKYAKU_ACCEPT=1` in the test's environment writes it anew.

            What happens on the platform can be followed (`GET /api/v1/events`, server-sent events) or is sent to a webhook (`POST /api/v1/webhooks`). Both tell the same: [CloudEvents 1.0](https://github.com/cloudevents/spec) in JSON. A machine reads the same as [AsyncAPI 3](asyncapi.json), which the gateway answers at `/api/v1/asyncapi.json`. Shapes grow, they never change.

            ## Every event

            | attribute | meaning |
            | --- | --- |
            | `specversion` | `1.0` |
            | `id` | Unique for this event (a UUID); a repeated delivery has the same. |
            | `source` | The service that decided it, `urn:hikyaku:SERVICE`. |
            | `type` | What happened: one of those below. |
            | `subject` | What it is about: an address, a domain or a login; of an erased account, its id. |
            | `time` | When it was decided (RFC 3339, UTC). |
            | `datacontenttype` | `application/json` |
            | `position` | Its place in the feed's order, which is the same for everybody: an opaque text to resume from. |
            | `traceparent` | The W3C trace context, when there was one. |
            | `erased` | `true` where the personal data of a deleted account was taken out: such texts are empty then. |
            | `data` | What the tables below say. |

            A webhook gets it as the body of a POST, `application/cloudevents+json`, with the headers of the [Standard Webhooks](https://www.standardwebhooks.com/) specification: `webhook-id` (the event's id), `webhook-timestamp` (seconds since 1970) and `webhook-signature` (`v1,` and the base64 of the HMAC-SHA-256 of `id.timestamp.body`; two with a blank between them for a day after the secret was changed). Any 2xx takes it, 410 pauses the webhook, anything else is tried again, after 429 and 503 not before the time that `Retry-After` names (an hour at most). Events come in their order and at least once: know those that you had by their id.


            """);
        foreach (var e in events) Write(page, e);
        return page.ToString().TrimEnd() + "\n";
    }

    private static void Write(StringBuilder page, CataloguedEvent e)
    {
        page.Append(null, $"## {e.Type}\n\n{e.Meaning}\n\n| field | type | meaning |\n| --- | --- | --- |\n");
        WriteFields(page, e.Fields, "");
        page.Append('\n');
    }

    private static void WriteFields(StringBuilder page, IReadOnlyList<EventField> fields, string before)
    {
        foreach (var field in fields)
        {
            page.Append(null, $"| `{before}{field.Name}` | {TypeOf(field)} | {field.Meaning.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            WriteFields(page, field.Fields, $"{before}{field.Name}.");
        }
    }

    private static string TypeOf(EventField field)
    {
        var type = field.Schema["type"]!;
        var name = (type is System.Text.Json.Nodes.JsonArray several ? several[0]! : type).GetValue<string>();
        var format = field.Schema["format"]?.GetValue<string>();
        return (format is null ? name : $"{name} ({format})") + (field.Required ? "" : ", or null");
    }
}
