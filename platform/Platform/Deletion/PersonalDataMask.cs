using System.Reflection;
using System.Text.Json.Nodes;
using Marten;

namespace Hikyaku.Platform;

/// <summary>
/// Takes what says something of a person out of stored events (OPS-6): fields marked by
/// <see cref="PersonalDataAttribute"/> become null, or empty where they must have a value; of who caused the event a user's
/// login, source address and token's name go. Ids, times and kinds stay. Part of the session's transaction, unlike Marten's own masking, and
/// it reaches the headers; nothing is published again.
/// </summary>
public static class PersonalDataMask
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>Masks every event of some streams.</summary>
    /// <param name="session">Whose transaction it is part of.</param>
    /// <param name="streams">The streams' keys.</param>
    /// <param name="eventNames">Every stored event's type and name.</param>
    public static void Mask(IDocumentSession session, string[] streams, IReadOnlyDictionary<Type, string> eventNames)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(eventNames);
        foreach (var (type, name) in eventNames)
        {
            if (MaskOf(type) is { Count: > 0 } mask)
                session.QueueSqlCommand("update mt_events set data = data || ?::jsonb where stream_id = any(?) and type = ?", mask.ToJsonString(), streams, name);
        }

        session.QueueSqlCommand(
            """
            update mt_events set headers = jsonb_set(headers, '{by}', to_jsonb(((headers ->> 'by')::jsonb || '{"login": "", "address": ""}'
                || case when (headers ->> 'by')::jsonb ->> 'via' like 'token:%' then '{"via": "token"}'::jsonb else '{}' end)::text))
            where stream_id = any(?) and (headers ->> 'by')::jsonb ->> 'role' = 'user'
            """,
            (object)streams);
    }

    /// <summary>What replaces a type's personal fields.</summary>
    public static JsonObject MaskOf(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        var mask = new JsonObject();
        foreach (var property in type.GetProperties().Where(p => p.IsDefined(typeof(PersonalDataAttribute), inherit: false)))
        {
            JsonNode empty = property.PropertyType == typeof(string) ? JsonValue.Create("")
                : property.PropertyType.IsAssignableTo(typeof(IEnumerable<string>)) ? new JsonArray()
                : throw new NotSupportedException($"{type.Name}.{property.Name} is personal but neither a text nor texts");
            mask[property.Name] = IsOptional(property) ? null : empty;
        }

        return mask;
    }

    private static bool IsOptional(PropertyInfo property)
    {
        lock (Nullability) return Nullability.Create(property).ReadState == NullabilityState.Nullable;
    }
}
