namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>One node for all tests that leave it as they found it.</summary>
public class NodeFixture : IAsyncLifetime
{
    public MailNodeUnderTest Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await MailNodeUnderTest.StartAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Node is not null) await Node.DisposeAsync();
    }
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class OneNode : ICollectionFixture<NodeFixture>
{
    public const string Name = "one node";
}

/// <summary>One for tests that stop parts of it and start them again.</summary>
public sealed class NodeToBreak : NodeFixture;

/// <summary>Two nodes of one platform, which know where the other one is.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    public MailNodeUnderTest First { get; private set; } = null!;

    public MailNodeUnderTest Second { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        First = await MailNodeUnderTest.StartAsync();
        Second = await MailNodeUnderTest.StartBesideAsync(First, "mail2");
        await Account.PublishAsync(First, at => First.State(at));
        await Account.PublishAsync(First, at => Second.State(at));
    }

    public async ValueTask DisposeAsync()
    {
        if (Second is not null) await Second.DisposeAsync();
        if (First is not null) await First.DisposeAsync();
    }
}
