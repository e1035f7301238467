using System.Text.Json.Nodes;

namespace Hikyaku.Journeys;

/// <summary>Compares an answer with one that an earlier release gave: there may be more now, but nothing of it less or different.</summary>
public static class Recorded
{
    /// <summary>
    /// What of a recorded answer is missing; null when nothing is. Of objects every recorded field counts, of arrays that every
    /// recorded element is found, in their order.
    /// </summary>
    public static string? Missing(JsonNode? recorded, JsonNode? now, string at = "$") => (recorded, now) switch
    {
        (JsonObject fields, JsonObject present) => fields.Select(f => Missing(f.Value, present[f.Key], $"{at}.{f.Key}")).FirstOrDefault(m => m is not null),
        (JsonArray elements, JsonArray present) => MissingElement(elements, present, at),
        _ => JsonNode.DeepEquals(recorded, now) ? null : $"{at} is {now?.ToJsonString() ?? "absent"} and was {recorded?.ToJsonString() ?? "null"}",
    };

    private static string? MissingElement(JsonArray elements, JsonArray present, string at)
    {
        var next = 0;
        for (var i = 0; i < elements.Count; i++)
        {
            var from = next;
            while (next < present.Count && Missing(elements[i], present[next]) is not null) next++;
            if (next++ == present.Count) return $"{at}[{i}] is not among what follows {from} elements: {elements[i]?.ToJsonString()}";
        }

        return null;
    }
}
