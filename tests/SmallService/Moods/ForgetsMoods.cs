using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Moods;

/// <summary>What the service erases of a deleted account: its mood, here and on the nodes.</summary>
internal sealed class ForgetsMoods(IDocumentStore store, TimeProvider time) : ErasesStreams(store)
{
    protected override async Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        var stream = await session.Events.FetchForWriting<Mood>(accountId, stop);
        if (stream.Aggregate is { Current.Length: > 0 }) stream.AppendOne(new MoodForgotten(time.GetUtcNow()));
    }
}
