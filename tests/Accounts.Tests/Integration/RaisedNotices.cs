using System.Collections.Concurrent;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The notices that are raised on a virtual host, each once however often it is told.</summary>
internal sealed class RaisedNotices : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, NoticeRaised> _heard = new();
    private Telling_others.Listening? _listening;

    public static async Task<RaisedNotices> ListenAsync(string virtualHost)
    {
        var notices = new RaisedNotices();
        notices._listening = await Telling_others.ListenAsync(virtualHost, e => e.Handler<NoticeRaised>(c =>
        {
            Assert.Equal(c.MessageId, c.Message.NoticeId);
            notices._heard[c.Message.NoticeId] = c.Message;
            return Task.CompletedTask;
        }));
        return notices;
    }

    /// <summary>Waits for the one notice of a job.</summary>
    public async Task<NoticeRaised> OfJobAsync(string job)
        => Assert.Single(await Eventually.Async(() => OfJob(job), n => n.Count > 0, TimeSpan.FromSeconds(30)));

    private List<NoticeRaised> OfJob(string job) => [.. _heard.Values.Where(n => n.Job == job)];

    public ValueTask DisposeAsync() => _listening!.DisposeAsync();
}
