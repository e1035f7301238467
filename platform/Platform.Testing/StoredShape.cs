using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Hikyaku.Platform.Testing;

/// <summary>The shape in which an event is stored: a sample of it as JSON, written and read as the store does.</summary>
public static class StoredShape
{
    /// <summary>Compares it with the file that was accepted (<see cref="JsonSnapshot"/>): a difference is a break of what is stored.</summary>
    /// <param name="name">The file's name without its ending.</param>
    /// <param name="sample">An event.</param>
    /// <param name="testFile">Filled in by the compiler.</param>
    public static void Match(string name, object sample, [CallerFilePath] string testFile = "") => JsonSnapshot.Match(name, EventStore.Serializer.ToJson(sample), testFile);

    /// <summary>The event as it is read back.</summary>
    public static object ReadBack(object sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(EventStore.Serializer.ToJson(sample)));
        return EventStore.Serializer.FromJson(sample.GetType(), json);
    }

    /// <summary>Reads it back whole: for events with lists, which are not equal by themselves.</summary>
    public static void IsReadBackWhole(object sample) => Assert.Equal(EventStore.Serializer.ToJson(sample), EventStore.Serializer.ToJson(ReadBack(sample)));

    /// <summary>Every stored event has a sample under its stored name; further samples end in <c>.required</c>.</summary>
    /// <param name="service">The service, with which the names begin.</param>
    /// <param name="storedNames">All of them.</param>
    /// <param name="samples">The samples' names.</param>
    public static void AllHaveSamples(string service, IEnumerable<string> storedNames, IEnumerable<string> samples)
        => Assert.Equal(storedNames.Order(), samples.Where(k => !k.EndsWith(".required", StringComparison.Ordinal)).Select(k => $"{service}.{k}").Order());
}
