using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikyaku.Feed.Tests.Documents;

/// <summary>Writes <c>docs/asyncapi.json</c>: AsyncAPI 3.0, one message for each event, received from the feed and sent to webhooks.</summary>
public static class AsyncApiDocument
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes it.</summary>
    public static string Of(IReadOnlyList<CataloguedEvent> events) => Document(events).ToJsonString(Written) + "\n";

    private static JsonObject Document(IReadOnlyList<CataloguedEvent> events)
    {
        var (messages, schemas) = (new JsonObject(), new JsonObject { ["CloudEvent"] = Envelope() });
        foreach (var e in events)
        {
            messages[e.Name] = Message(e);
            schemas[e.Name] = Described(EventCatalogue.ShapeOf(e.Fields), e.Meaning);
        }

        return new()
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Hikyaku events",
                ["version"] = "v1",
                ["description"] = "What happens on the platform, as CloudEvents 1.0: followed over HTTP as server-sent events, or sent to webhooks.",
            },
            ["defaultContentType"] = "application/cloudevents+json",
            ["channels"] = new JsonObject
            {
                ["feed"] = Channel("/api/v1/events", "Server-sent events; each one's `data` is a message, its `id` the position to resume from.", events),
                ["webhook"] = Channel(null, "The URL of a webhook that was registered (`POST /api/v1/webhooks`); signed by the Standard Webhooks specification.", events),
            },
            ["operations"] = new JsonObject
            {
                ["followEvents"] = Operation("feed", "GET", "The platform sends events to whoever follows the feed.", events),
                ["callWebhook"] = Operation("webhook", "POST", "The platform posts events to a registered webhook.", events),
            },
            ["components"] = new JsonObject { ["messages"] = messages, ["schemas"] = schemas },
        };
    }

    private static JsonObject Channel(string? address, string description, IReadOnlyList<CataloguedEvent> events)
    {
        var messages = new JsonObject();
        foreach (var e in events) messages[e.Name] = Reference($"#/components/messages/{e.Name}");
        return new() { ["address"] = address, ["description"] = description, ["messages"] = messages };
    }

    private static JsonObject Operation(string channel, string method, string summary, IReadOnlyList<CataloguedEvent> events) => new()
    {
        ["action"] = "send",
        ["summary"] = summary,
        ["channel"] = Reference($"#/channels/{channel}"),
        ["bindings"] = new JsonObject { ["http"] = new JsonObject { ["method"] = method, ["bindingVersion"] = "0.3.0" } },
        ["messages"] = new JsonArray([.. events.Select(e => Reference($"#/channels/{channel}/messages/{e.Name}"))]),
    };

    private static JsonObject Message(CataloguedEvent e) => new()
    {
        ["name"] = e.Type,
        ["title"] = e.Name,
        ["summary"] = e.Meaning,
        ["contentType"] = "application/cloudevents+json",
        ["payload"] = new JsonObject
        {
            ["allOf"] = new JsonArray(
                Reference("#/components/schemas/CloudEvent"),
                new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject
                    {
                        ["type"] = new JsonObject { ["const"] = e.Type },
                        ["source"] = new JsonObject { ["const"] = e.Source },
                        ["data"] = Reference($"#/components/schemas/{e.Name}"),
                    },
                }),
        },
    };

    private static JsonObject Envelope() => new()
    {
        ["type"] = "object",
        ["description"] = "A CloudEvent 1.0 in JSON.",
        ["required"] = new JsonArray("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "position", "data"),
        ["properties"] = new JsonObject
        {
            ["specversion"] = new JsonObject { ["const"] = "1.0" },
            ["id"] = Text("Unique for this event; a repeated delivery has the same.", "uuid"),
            ["source"] = Text("The service that decided it.", "uri"),
            ["type"] = Text("What happened."),
            ["subject"] = Text("What it is about: an address, a domain or a login; of an erased account, its id."),
            ["time"] = Text("When it was decided.", "date-time"),
            ["datacontenttype"] = new JsonObject { ["const"] = "application/json" },
            ["position"] = Text("Its place in the feed's order: an opaque text to resume from."),
            ["traceparent"] = Text("The W3C trace context."),
            ["erased"] = new JsonObject { ["type"] = "boolean", ["description"] = "Whether the personal data of a deleted account was taken out." },
            ["data"] = new JsonObject { ["type"] = "object" },
        },
    };

    private static JsonObject Text(string description, string? format = null)
    {
        var schema = new JsonObject { ["type"] = "string", ["description"] = description };
        if (format is not null) schema["format"] = format;
        return schema;
    }

    private static JsonObject Described(JsonObject schema, string description)
    {
        schema["description"] = description;
        return schema;
    }

    private static JsonObject Reference(string target) => new() { ["$ref"] = target };
}
