using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Contracts;

namespace Hikyaku.Feed.Tests.Documents;

/// <summary>One field of an event's data.</summary>
/// <param name="Name">As it stands in the JSON.</param>
/// <param name="Meaning">What it means, its unit included.</param>
/// <param name="Schema">Its JSON schema.</param>
/// <param name="Required">Whether it is never null.</param>
/// <param name="Fields">Of an object, its fields.</param>
public sealed record EventField(string Name, string Meaning, JsonObject Schema, bool Required, IReadOnlyList<EventField> Fields);

/// <summary>One event of the feed.</summary>
/// <param name="Type">Its CloudEvents type.</param>
/// <param name="Source">Its CloudEvents source.</param>
/// <param name="Name">The contract's name.</param>
/// <param name="Meaning">What happened.</param>
/// <param name="Fields">What <c>data</c> holds.</param>
public sealed record CataloguedEvent(string Type, string Source, string Name, string Meaning, IReadOnlyList<EventField> Fields);

/// <summary>Every event of the feed, from the contracts by reflection and from their XML documentation.</summary>
public static class EventCatalogue
{
    /// <summary>What the envelope tells, or nobody is told: see <c>NewEvent</c>.</summary>
    private static readonly string[] OutsideOfData = ["EventId", "Position", "At", "Session"];

    /// <summary>The events of contracts, by type.</summary>
    public static IReadOnlyList<CataloguedEvent> Of(IEnumerable<Type> contracts)
        => [.. contracts.Select(Describe).OrderBy(e => e.Type, StringComparer.Ordinal)];

    private static CataloguedEvent Describe(Type contract)
    {
        var texts = new ContractTexts(new[] { contract.Assembly, typeof(CausedBy).Assembly }.Distinct());
        return new(RecordedContracts.NameOf(contract), $"urn:hikyaku:{RecordedContracts.ServiceOf(contract)}", contract.Name, texts.Summary(contract), FieldsOf(contract, texts));
    }

    private static IReadOnlyList<EventField> FieldsOf(Type type, ContractTexts texts)
        => [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => !OutsideOfData.Contains(p.Name)).Select(p => FieldOf(type, p, texts))];

    private static EventField FieldOf(Type owner, PropertyInfo property, ContractTexts texts)
    {
        var nullable = new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var meaning = texts.Field(owner, property.Name);
        var fields = Simple(type) is null && ItemOf(type) is null ? FieldsOf(type, texts) : [];
        var schema = SchemaOf(type, texts);
        schema["description"] = meaning;
        if (nullable) schema["type"] = new JsonArray(schema["type"]!.GetValue<string>(), "null");
        return new(JsonNamingPolicy.CamelCase.ConvertName(property.Name), meaning, schema, !nullable, fields);
    }

    /// <summary>The JSON schema of an object with these fields.</summary>
    public static JsonObject ShapeOf(IReadOnlyList<EventField> fields)
    {
        var properties = new JsonObject();
        foreach (var field in fields) properties[field.Name] = field.Schema.DeepClone();
        return new()
        {
            ["type"] = "object",
            ["required"] = new JsonArray([.. fields.Where(f => f.Required).Select(f => JsonValue.Create(f.Name))]),
            ["properties"] = properties,
        };
    }

    private static JsonObject SchemaOf(Type type, ContractTexts texts)
    {
        if (Simple(type) is { } simple) return simple;
        return ItemOf(type) is { } item
            ? new() { ["type"] = "array", ["items"] = SchemaOf(item, texts) }
            : ShapeOf(FieldsOf(type, texts));
    }

    private static Type? ItemOf(Type type)
        => type.IsArray ? type.GetElementType()
            : type.IsGenericType && type.IsAssignableTo(typeof(System.Collections.IEnumerable)) ? type.GetGenericArguments()[0]
            : null;

    // Null: an object or a list.
    private static JsonObject? Simple(Type type)
        => type == typeof(string) ? new() { ["type"] = "string" }
            : type == typeof(Guid) ? new() { ["type"] = "string", ["format"] = "uuid" }
            : type == typeof(DateTimeOffset) ? new() { ["type"] = "string", ["format"] = "date-time" }
            : type == typeof(int) ? new() { ["type"] = "integer", ["format"] = "int32" }
            : type == typeof(long) ? new() { ["type"] = "integer", ["format"] = "int64" }
            : type == typeof(double) || type == typeof(decimal) ? new() { ["type"] = "number" }
            : type == typeof(bool) ? new() { ["type"] = "boolean" }
            : type.IsEnum ? new() { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => JsonValue.Create(n))]) }
            : type.IsPrimitive || type.Namespace == "System" ? throw new NotSupportedException($"No schema for {type}")
            : null;
}
