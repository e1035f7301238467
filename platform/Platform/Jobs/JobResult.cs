using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hikyaku.Platform;

/// <summary>What came of a job: the JSON of the record that its kind names.</summary>
/// <param name="Json">As the API answers it.</param>
[JsonConverter(typeof(AsItIs))]
public sealed record JobResult(string Json)
{
    /// <summary>The JSON of a kind's record.</summary>
    public static JobResult Of<T>(T record) where T : notnull => new(JsonSerializer.Serialize(record, Answer.Json));

    // Writes the result as a JSON object in the event, not as a string that contains JSON.
    private sealed class AsItIs : JsonConverter<JobResult>
    {
        public override JobResult Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var json = JsonDocument.ParseValue(ref reader);
            return new(json.RootElement.GetRawText());
        }

        public override void Write(Utf8JsonWriter writer, JobResult value, JsonSerializerOptions options) => writer.WriteRawValue(value.Json);
    }
}
